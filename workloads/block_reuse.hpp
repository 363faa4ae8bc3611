// How much of the prompts a prefix cache would have: an upper bound, for a cache that holds a
// prompt's blocks from the moment it arrives.
#pragma once

#include "workloads/request.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::workloads {

struct BlockReuse {
  std::optional<std::int64_t> capacity_blocks;  ///< unlimited when absent
  std::int64_t hit_blocks{};
  std::int64_t hit_tokens{};
};

/// Walks every prompt's blocks from the first to the first one that is not in the cache: those are
/// hits, of min(hits x block_tokens, input) tokens. Then every block of the prompt is touched or
/// inserted, first to last; after an insertion beyond the capacity the least recently used block
/// leaves. @throws InputError when the capacity is below 1
BlockReuse block_reuse(const std::vector<Request>& requests, std::int64_t block_tokens,
                       std::optional<std::int64_t> capacity_blocks);

}  // namespace kvferry::workloads
