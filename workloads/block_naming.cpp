#include "workloads/block_naming.hpp"

#include <cstddef>

namespace kvferry::workloads {

void BlockNaming::fill(Text& text, std::int64_t tokens) {
  const auto blocks = static_cast<std::size_t>(tokens / block_tokens_);
  while (text.size() < blocks) text.push_back(next_++);
}

std::vector<std::uint64_t> BlockNaming::ids_of_prompt(Text& text, std::int64_t tokens) {
  fill(text, tokens);
  const auto blocks = tokens / block_tokens_;
  std::vector<std::uint64_t> ids(text.begin(), text.begin() + blocks);
  if (tokens % block_tokens_ > 0) ids.push_back(next_++);
  return ids;
}

}  // namespace kvferry::workloads
