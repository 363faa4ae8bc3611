// One request as a workload emits it; the simulator never changes it.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::workloads {

struct Request {
  std::int64_t id{};             ///< rank in the workload, from 0
  Seconds arrival{};             ///< since the scenario's start; non-decreasing along a workload
  std::int64_t input_tokens{};   ///< at least 1
  std::int64_t output_tokens{};  ///< at least 1
  /// Identities of the prompt's KV blocks, first to last, as the trace has them (64 bits,
  /// prefix-chained); empty when the source has none.
  std::vector<std::uint64_t> prefix_blocks;
};

}  // namespace kvferry::workloads
