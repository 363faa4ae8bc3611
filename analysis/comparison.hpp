// Paired runs: the same requests under two variants, and how much faster the second is.
#pragma once

#include "analysis/block_bootstrap.hpp"
#include "analysis/request_columns.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::analysis {

/// Above 1 is better: baseline / variant for times, variant / baseline for throughput. The interval
/// is a 95 % paired moving-block bootstrap over requests in order of arrival (blocks of sqrt(n),
/// because neighbours in a queue share their fate); absent for fewer than 30 pairs.
struct Speedup {
  double value{};
  std::optional<ConfidenceInterval> interval;
};

struct Comparison {
  bool paired{};         ///< both variants served the same requests; speed-ups exist only then
  std::int64_t pairs{};  ///< requests that finished in both and arrived after the warm-up
  std::optional<Speedup> ttft_mean;
  std::optional<Speedup> ttft_p50;
  std::optional<Speedup> ttft_p99;
  std::optional<Speedup> tpot_mean;
  std::optional<Speedup> transfer_mean;
  std::optional<Speedup> request_throughput;
};

/// Requests are the same if id, session and tokens are, and the date at which the client wanted to
/// send them; but when a later turn of a session is due depends on the run.
/// @param seed of the scenario: the resampling derives from it
Comparison compare(const RequestColumns& baseline, const RequestColumns& variant, Seconds warmup,
                   std::uint64_t seed);

}  // namespace kvferry::analysis
