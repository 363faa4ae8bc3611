// Ids for the KV blocks of generated prompts, like those of published traces: prefix-chained,
// counted from 0 in order of first use, the partial last block included.
#pragma once

#include <cstdint>
#include <vector>

namespace kvferry::workloads {

class BlockNaming {
 public:
  /// Ids of the blocks that a text has filled so far, in order.
  using Text = std::vector<std::uint64_t>;

  explicit BlockNaming(std::int64_t block_tokens) : block_tokens_(block_tokens) {}

  /// The full blocks of a text of `tokens`, which grows as far as needed.
  void fill(Text& text, std::int64_t tokens);

  /// The ids of a prompt that is the first `tokens` of the text. A partial last block is the
  /// prompt's own, since what will follow in it is not known.
  std::vector<std::uint64_t> ids_of_prompt(Text& text, std::int64_t tokens);

 private:
  std::int64_t block_tokens_;
  std::uint64_t next_ = 0;
};

}  // namespace kvferry::workloads
