// What a run leaves behind, for analysis/ to judge.
#pragma once

#include "sim/base/record.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry {

/// Gaps between consecutive tokens of a request: `count` of them lasted `gap`.
struct TokenGap {
  Seconds gap;
  std::int64_t count;
};

/// Sums over all instances or GPUs.
struct SimulationTotals {
  Seconds prefill_busy{};
  Seconds decode_busy{};
  Seconds encode_busy{};
  Seconds decode_codec_busy{};
  std::int64_t prefill_iterations{};
  std::int64_t decode_iterations{};
  std::int64_t flows{};
};

struct SimulationResult {
  std::vector<RequestRecord> records;  ///< one per request, in the order given
  std::vector<TokenGap> token_gaps;    ///< of all decode instances, in their order
  std::vector<Bytes> link_bytes;       ///< carried, by link of the topology
  SimulationTotals totals;
};

/// What a request must achieve to count as good; an absent limit is always met.
struct Slo {
  std::optional<Seconds> ttft;
  std::optional<Seconds> tpot;
};

}  // namespace kvferry
