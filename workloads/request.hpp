// One request as a workload emits it; the simulator never changes it.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::workloads {

struct Request {
  std::int64_t id{};  ///< rank in the workload, from 0
  /// Since the scenario's start: the earliest date at which the client sends it; non-decreasing
  /// along a workload.
  Seconds arrival{};
  std::int64_t input_tokens{};   ///< at least 1
  std::int64_t output_tokens{};  ///< at least 1
  /// Identities of the prompt's KV blocks, first to last, as the trace has them (64 bits,
  /// prefix-chained); empty when the source has none.
  std::vector<std::uint64_t> prefix_blocks;
  std::int64_t session = -1;  ///< the turns of one conversation share it; -1: none
  /// The id, smaller than this one's, of the request that must have ended before this one is sent;
  /// -1: none.
  std::int64_t after = -1;
  Seconds think{};          ///< at least this long after the end of `after`
  std::int32_t priority{};  ///< the smaller, the more urgent
};

}  // namespace kvferry::workloads
