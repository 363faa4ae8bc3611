#include "workloads/arrivals.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/base/random.hpp"

#include <cmath>
#include <cstddef>

namespace kvferry::workloads {
namespace {

// Beyond this nearly every gap is too small for a double, and no sample shows the mean.
constexpr double kLargestCv = 100;

// Slower than one request in thirty years, dates leave the range of 64-bit nanoseconds.
constexpr double kLowestRatePerSecond = 1e-9;

void check(const ArrivalSpec& spec, std::int64_t count) {
  if (!(spec.rate.value >= kLowestRatePerSecond)) {
    throw InputError("arrivals: the rate must be above zero (at least 1e-09 /s), found " +
                     shortest_decimal(spec.rate.value) + " /s");
  }
  if (count < 1) {
    throw InputError("arrivals: at least one request is needed, found " + std::to_string(count));
  }
  if (spec.process == ArrivalProcess::gamma && !(spec.cv >= 0 && spec.cv <= kLargestCv)) {
    throw InputError("arrivals: the coefficient of variation must be from 0 to " +
                     shortest_decimal(kLargestCv) + ", found " + shortest_decimal(spec.cv));
  }
}

// Below this the gaps are equal to all digits that matter, and the shape 1 / cv^2 leaves the range
// of doubles.
constexpr double kSmallestCv = 1e-6;

bool has_equal_gaps(const ArrivalSpec& spec) {
  return spec.process == ArrivalProcess::deterministic ||
         (spec.process == ArrivalProcess::gamma && spec.cv < kSmallestCv);
}

// One gap with mean 1.
double draw_gap(const ArrivalSpec& spec, RandomStream& random) {
  if (spec.process == ArrivalProcess::poisson) return random.exponential();
  const double scale = spec.cv * spec.cv;
  return random.gamma(1 / scale) * scale;
}

// Request i arrives after this many mean gaps; the sum of equal gaps is exact.
std::vector<double> dates_in_mean_gaps(const ArrivalSpec& spec, std::size_t count,
                                       std::uint64_t seed) {
  const bool starts_at_zero = spec.convention == ArrivalConvention::first_at_zero;
  std::vector<double> dates(count);
  RandomStream random(seed, "arrivals");
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool waits = i > 0 || !starts_at_zero;
    if (waits) sum += has_equal_gaps(spec) ? 1 : draw_gap(spec, random);
    dates[i] = sum;
  }
  return dates;
}

// vLLM's normalisation. Should all gaps be too small for a double, the last request takes all the
// time.
void stretch_to_count(std::vector<double>& dates) {
  const auto count = static_cast<double>(dates.size());
  const double last = dates.back();
  if (last > 0) {
    for (double& date : dates) date = date / last * count;
  }
  dates.back() = count;
}

}  // namespace

std::vector<Seconds> generate_arrivals(const ArrivalSpec& spec, std::int64_t count,
                                       std::uint64_t seed) {
  check(spec, count);
  std::vector<double> dates = dates_in_mean_gaps(spec, static_cast<std::size_t>(count), seed);
  if (spec.convention == ArrivalConvention::vllm) stretch_to_count(dates);
  std::vector<Seconds> arrivals;
  arrivals.reserve(dates.size());
  for (const double date : dates) arrivals.push_back({date / spec.rate.value});
  return arrivals;
}

std::string describe(const ArrivalSpec& spec) {
  std::string text;
  switch (spec.process) {
    case ArrivalProcess::deterministic:
      text = "deterministic";
      break;
    case ArrivalProcess::poisson:
      text = "poisson";
      break;
    case ArrivalProcess::gamma:
      text = "gamma with cv " + shortest_decimal(spec.cv);
      break;
  }
  if (std::isinf(spec.rate.value)) return text + ", all requests at 0";
  text += ", rate " + shortest_decimal(spec.rate.value) + " /s";
  return text + (spec.convention == ArrivalConvention::vllm ? ", stretched as vLLM does"
                                                            : ", first request at 0");
}

}  // namespace kvferry::workloads
