// Conversations whose rows count only the text that is new: the client prepends all earlier prompts
// and answers. Such traces name no blocks of answers, so that every conversation gets blocks of its
// own, behind those that its first prompt names.
#pragma once

#include "workloads/trace_row.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvferry::workloads {

class DeltaContexts {
 public:
  explicit DeltaContexts(std::int64_t block_tokens) : block_tokens_(block_tokens) {}

  /// Makes the row's prompt the whole context of the session's turn. Its blocks are the full ones:
  /// the partial last one changes with the next turn.
  /// @throws RowFault when the context is longer than any prompt may be.
  void grow(const std::string& session, TraceRow& row);

  bool has_grown() const { return !contexts_.empty(); }

 private:
  struct Context {
    std::int64_t tokens{};                    // of all turns so far
    std::vector<std::uint64_t> named_blocks;  // the full ones of the first prompt
  };

  std::int64_t block_tokens_;
  std::unordered_map<std::string, Context> contexts_;
};

}  // namespace kvferry::workloads
