// When synthetic requests arrive. Start here: generate_arrivals(spec, count, seed).
//
// Renewal processes (RenewalArrivals) have independent gaps of mean 1/rate. All others have a rate
// that changes: in time (DiurnalArrivals, RampArrivals), from phase to phase (BurstArrivals,
// MmppArrivals, PiecewiseArrivals), or because clients wait for their answers (UserArrivals,
// ClosedLoopArrivals). describe(spec) states the convention that each follows.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/think_time.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace kvferry::workloads {

/// Gaps between arrivals, with mean 1/rate r and coefficient of variation cv.
///   deterministic: every gap is 1/r
///   Poisson:       exponential gaps
///   Gamma:         shape 1/cv^2 and scale cv^2/r; vLLM's `--burstiness b` is the shape: cv = 1/sqrt(b)
///   Weibull:       shape k with Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1 = cv^2, as ServeGen has it
enum class ArrivalProcess : std::uint8_t { deterministic, poisson, gamma, weibull };

/// How gaps become dates.
enum class ArrivalConvention : std::uint8_t {
  /// The first request arrives at 0 and each gap separates two requests, as in SGLang and most
  /// other tools.
  first_at_zero,
  /// `vllm bench serve`: every request, the first one too, waits for its own gap, and all dates are
  /// stretched so that the last of n arrives at exactly n / rate.
  vllm,
};

struct RenewalArrivals {
  ArrivalProcess process = ArrivalProcess::poisson;
  PerSecond rate{1};  ///< infinite: all requests arrive at 0
  double cv = 1;      ///< gamma and weibull only, 0 to 100; 0: all gaps equal
  ArrivalConvention convention = ArrivalConvention::first_at_zero;
};

enum class PhaseLengths : std::uint8_t { fixed, exponential };

/// Poisson arrivals whose rate alternates between two values, the high one first.
struct BurstArrivals {
  PerSecond high{};
  PerSecond low{};     ///< may be zero
  Seconds high_for{};  ///< how long, or how long on average
  Seconds low_for{};
  PhaseLengths phases = PhaseLengths::fixed;
};

/// The Markov-modulated Poisson process of two states: exponential sojourns, started in equilibrium.
/// With leaving rates q1, q2 the mean rate is (r1 q2 + r2 q1) / (q1 + q2), and the variance of
/// counts over their mean tends to 1 + 2 q1 q2 (r1 - r2)^2 / ((q1 + q2)^2 (r1 q2 + r2 q1)).
struct MmppArrivals {
  PerSecond rate_1{};
  PerSecond rate_2{};
  PerSecond leaving_1{};
  PerSecond leaving_2{};
};

/// Poisson arrivals of the rate mean (1 + a cos(2 pi (t - peak_at) / period)) with
/// a = (peak_to_trough - 1) / (peak_to_trough + 1).
struct DiurnalArrivals {
  PerSecond mean{};
  double peak_to_trough = 1;
  Seconds period{86'400};
  Seconds peak_at{};  ///< the date of a peak
};

enum class RampShape : std::uint8_t { linear, exponential };

/// Poisson arrivals whose rate goes from one value to another and stays there.
struct RampArrivals {
  PerSecond from{};  ///< may be zero when linear
  PerSecond to{};
  Seconds over{};
  RampShape shape = RampShape::linear;
};

struct ArrivalPhase {
  Seconds duration{};
  PerSecond rate{};  ///< may be zero
  double cv = 1;     ///< of Gamma gaps; 1: Poisson
};

/// One phase after the other; arrivals end with the last one. The gap behind a request has the cv
/// of the phase in which that request arrived, and goes on into the next phase at its rate.
struct PiecewiseArrivals {
  std::vector<ArrivalPhase> phases;
};

/// Each user sends every users / rate seconds, evenly staggered, but never before the answer to
/// their last request has ended: AIPerf's `--user-centric-rate`.
struct UserArrivals {
  std::int64_t users{};
  PerSecond rate{};  ///< of all users together
};

/// Each user sends the next request once the answer to the last one has ended and they have
/// thought: `--concurrency` of AIPerf and GuideLLM is that many users who do not think.
struct ClosedLoopArrivals {
  std::int64_t users{};
  ThinkTime think;
};

using ArrivalSpec = std::variant<RenewalArrivals, BurstArrivals, MmppArrivals, DiurnalArrivals,
                                 RampArrivals, PiecewiseArrivals, UserArrivals, ClosedLoopArrivals>;

/// The dates of `count` requests, non-decreasing, from the random stream "arrivals"; fewer when the
/// phases of PiecewiseArrivals end before. Requests of users who wait have the earliest date that
/// is known before the simulation; tie_to_users says what they wait for.
/// @throws InputError when a parameter is out of range.
std::vector<Seconds> generate_arrivals(const ArrivalSpec& spec, std::int64_t count,
                                       std::uint64_t seed);

/// "poisson, rate 8 /s, first request at 0": the process and its convention, in one line.
std::string describe(const ArrivalSpec& spec);

}  // namespace kvferry::workloads
