#include "analysis/distribution.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <utility>

namespace kvferry::analysis {
std::int64_t nearest_rank(std::int64_t n, double p) {
  const auto rank = static_cast<std::int64_t>(std::ceil(p / 100 * static_cast<double>(n)));
  return std::clamp<std::int64_t>(rank, 1, n);
}

std::optional<Distribution> distribution_of(std::vector<double> samples) {
  if (samples.empty()) return std::nullopt;
  Distribution result;
  result.count = static_cast<std::int64_t>(samples.size());
  const Eigen::Map<const Eigen::ArrayXd> values(samples.data(), result.count);
  result.mean = values.mean();
  result.deviation = std::sqrt((values - result.mean).square().mean());
  // In ascending order: what a selection leaves above itself is all that the next one looks at.
  auto from = samples.begin();
  for (const auto& [p, member] :
       {std::pair{50.0, &Distribution::median}, std::pair{90.0, &Distribution::p90},
        std::pair{95.0, &Distribution::p95}, std::pair{99.0, &Distribution::p99}}) {
    const auto nth = samples.begin() + (nearest_rank(result.count, p) - 1);
    std::nth_element(from, nth, samples.end());
    result.*member = *nth;
    from = nth;
  }
  return result;
}

double percentile(std::vector<double>& samples, double p) {
  assert(!samples.empty());
  const std::int64_t rank = nearest_rank(static_cast<std::int64_t>(samples.size()), p);
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(samples.begin(), nth, samples.end());
  return *nth;
}

}  // namespace kvferry::analysis
