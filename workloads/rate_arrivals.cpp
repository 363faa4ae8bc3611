#include "sim/base/portable_math.hpp"
#include "sim/base/random.hpp"
#include "workloads/varying_arrivals.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::workloads {
namespace {

constexpr double kTwoPi = 6.283185307179586;

// ln(1 + x), to all digits even where 1 + x rounds (Kahan's quotient).
double log_of_one_plus(double x) {
  const double sum = 1 + x;
  return sum == 1 ? x : portable_log(sum) * (x / (sum - 1));
}

// ln(to / from) without losing the digits of nearly equal rates.
double log_ratio(const RampArrivals& spec) {
  const double growth = (spec.to.value - spec.from.value) / spec.from.value;
  return std::abs(growth) < 0.5 ? log_of_one_plus(growth)
                                : portable_log(spec.to.value / spec.from.value);
}

// When the rate of a ramp, summed from 0, reaches `requests` during the ramp.
double date_on_ramp(const RampArrivals& spec, double requests) {
  const double from = spec.from.value;
  const double to = spec.to.value;
  if (from == to) return requests / from;
  if (spec.shape == RampShape::exponential) {
    const double growth = log_ratio(spec) / spec.over.value;
    return log_of_one_plus(growth * requests / from) / growth;
  }
  // from t + slope t^2 / 2 = requests, solved without subtracting nearly equal numbers.
  const double slope = (to - from) / spec.over.value;
  return 2 * requests / (from + std::sqrt(std::max(0.0, from * from + 2 * slope * requests)));
}

// How many requests a whole ramp brings on average.
double requests_of_ramp(const RampArrivals& spec) {
  const double from = spec.from.value;
  const double to = spec.to.value;
  const bool logarithmic = spec.shape == RampShape::exponential && from != to;
  const double mean = logarithmic ? (to - from) / log_ratio(spec) : (from + to) / 2;
  return mean * spec.over.value;
}

}  // namespace

// By thinning (Lewis and Shedler 1979): candidates of the highest rate, each kept with the share
// that the rate has of it.
std::vector<Seconds> varying_arrivals(const DiurnalArrivals& spec, std::size_t count,
                                      std::uint64_t seed) {
  RandomStream random(seed, "arrivals");
  const double swing = (spec.peak_to_trough - 1) / (spec.peak_to_trough + 1);
  const double highest = spec.mean.value * (1 + swing);
  std::vector<Seconds> dates;
  double now = 0;
  while (dates.size() < count) {
    now += random.exponential() / highest;
    const double turns = (now - spec.peak_at.value) / spec.period.value;
    const double cosine = portable_cos_sin(kTwoPi * (turns - std::floor(turns))).cosine;
    if (random.uniform() * (1 + swing) < 1 + swing * cosine) dates.push_back({now});
  }
  return dates;
}

// By the time change: a Poisson process of rate 1, whose clock is the sum of the rate.
std::vector<Seconds> varying_arrivals(const RampArrivals& spec, std::size_t count,
                                      std::uint64_t seed) {
  RandomStream random(seed, "arrivals");
  const double on_ramp = requests_of_ramp(spec);
  std::vector<Seconds> dates;
  double requests = 0;
  while (dates.size() < count) {
    requests += random.exponential();
    const double date = requests < on_ramp ? date_on_ramp(spec, requests)
                                           : spec.over.value + (requests - on_ramp) / spec.to.value;
    dates.push_back({std::max(date, dates.empty() ? 0 : dates.back().value)});
  }
  return dates;
}

}  // namespace kvferry::workloads
