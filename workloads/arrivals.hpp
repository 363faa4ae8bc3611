// When synthetic requests arrive. Start here: generate_arrivals(spec, count, seed).
//
// Renewal processes with mean rate r: the gaps between arrivals are independent and have mean 1/r.
//   deterministic: every gap is 1/r
//   Poisson:       exponential gaps
//   Gamma:         gaps of shape 1/cv^2 and scale cv^2/r, so that deviation / mean = cv
// vLLM's `--burstiness b` is the shape: cv = 1/sqrt(b).
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::workloads {

enum class ArrivalProcess : std::uint8_t { deterministic, poisson, gamma };

/// How gaps become dates.
enum class ArrivalConvention : std::uint8_t {
  /// The first request arrives at 0 and each gap separates two requests, as in SGLang and most
  /// other tools.
  first_at_zero,
  /// `vllm bench serve`: every request, the first one too, waits for its own gap, and all dates are
  /// stretched so that the last of n arrives at exactly n / rate.
  vllm,
};

struct ArrivalSpec {
  ArrivalProcess process = ArrivalProcess::poisson;
  PerSecond rate{1};  ///< infinite: all requests arrive at 0
  double cv = 1;      ///< coefficient of variation of the gaps (gamma only), 0 to 100; 0: all equal
  ArrivalConvention convention = ArrivalConvention::first_at_zero;
};

/// The dates of `count` requests, non-decreasing, from the random stream "arrivals".
/// @throws InputError when a parameter is out of range.
std::vector<Seconds> generate_arrivals(const ArrivalSpec& spec, std::int64_t count,
                                       std::uint64_t seed);

/// "poisson, rate 8 /s, first request at 0".
std::string describe(const ArrivalSpec& spec);

}  // namespace kvferry::workloads
