#include "workloads/renewal_arrivals.hpp"

#include "sim/base/random.hpp"
#include "workloads/gap_law.hpp"

namespace kvferry::workloads {
namespace {

// Request i arrives after this many mean gaps; the sum of equal gaps is exact.
std::vector<double> dates_in_mean_gaps(const RenewalArrivals& spec, std::size_t count,
                                       std::uint64_t seed) {
  const bool starts_at_zero = spec.convention == ArrivalConvention::first_at_zero;
  const GapLaw gaps(spec.process, spec.cv);
  std::vector<double> dates(count);
  RandomStream random(seed, "arrivals");
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool waits = i > 0 || !starts_at_zero;
    if (waits) sum += gaps.draw(random);
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

std::vector<Seconds> renewal_arrivals(const RenewalArrivals& spec, std::size_t count,
                                      std::uint64_t seed) {
  std::vector<double> dates = dates_in_mean_gaps(spec, count, seed);
  if (spec.convention == ArrivalConvention::vllm) stretch_to_count(dates);
  std::vector<Seconds> arrivals;
  arrivals.reserve(dates.size());
  for (const double date : dates) arrivals.push_back({date / spec.rate.value});
  return arrivals;
}

}  // namespace kvferry::workloads
