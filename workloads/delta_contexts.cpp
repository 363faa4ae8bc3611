#include "workloads/delta_contexts.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <cstddef>

namespace kvferry::workloads {

void DeltaContexts::grow(const std::string& session, TraceRow& row) {
  const auto [place, is_first] = contexts_.try_emplace(session);
  Context& context = place->second;
  const std::int64_t tokens = context.tokens + row.input_tokens;
  if (tokens > kMostTokens) {
    throw RowFault(kBadInputTokens, "the session's context is longer than " +
                                        std::to_string(kMostTokens) + " tokens");
  }
  const auto full_blocks = static_cast<std::size_t>(tokens / block_tokens_);
  if (is_first && row.has_prefix_blocks) {
    context.named_blocks = row.prefix_blocks;
    context.named_blocks.resize(std::min(full_blocks, context.named_blocks.size()));
  }
  row.input_tokens = tokens;
  row.prefix_blocks = context.named_blocks;
  const std::uint64_t scope = fnv1a(session);
  for (std::size_t block = row.prefix_blocks.size(); block < full_blocks; ++block) {
    row.prefix_blocks.push_back(mix64(scope ^ mix64(block)));
  }
  row.has_prefix_blocks = true;
  context.tokens = tokens + std::max<std::int64_t>(1, row.output_tokens);
}

}  // namespace kvferry::workloads
