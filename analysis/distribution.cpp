#include "analysis/distribution.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace kvferry::analysis {
namespace {

// Rank (from 1) of the nearest-rank percentile p among n samples.
std::int64_t nearest_rank(std::int64_t n, double p) {
  const auto rank = static_cast<std::int64_t>(std::ceil(p / 100 * static_cast<double>(n)));
  return std::clamp<std::int64_t>(rank, 1, n);
}

double value_at_rank(const std::vector<WeightedSample>& ascending, std::int64_t rank) {
  std::int64_t seen = 0;
  for (const WeightedSample& sample : ascending) {
    seen += sample.count;
    if (seen >= rank) return sample.value;
  }
  return ascending.back().value;
}

}  // namespace

std::optional<Distribution> distribution_of(std::vector<double> samples) {
  if (samples.empty()) return std::nullopt;
  std::sort(samples.begin(), samples.end());
  const auto size = static_cast<std::int64_t>(samples.size());
  const Eigen::Map<const Eigen::ArrayXd> values(samples.data(), size);
  const auto at = [&](double p) {
    return samples[static_cast<std::size_t>(nearest_rank(size, p) - 1)];
  };
  const double mean = values.mean();
  return Distribution{size,   mean,   at(50), std::sqrt((values - mean).square().mean()),
                      at(90), at(95), at(99)};
}

std::optional<Distribution> distribution_of(std::vector<WeightedSample> samples) {
  std::sort(samples.begin(), samples.end(),
            [](const WeightedSample& a, const WeightedSample& b) { return a.value < b.value; });
  Eigen::ArrayXd values(static_cast<Eigen::Index>(samples.size()));
  Eigen::ArrayXd weights(values.size());
  std::int64_t count = 0;
  for (Eigen::Index i = 0; i < values.size(); ++i) {
    const WeightedSample& sample = samples[static_cast<std::size_t>(i)];
    values[i] = sample.value;
    weights[i] = static_cast<double>(sample.count);
    count += sample.count;
  }
  if (count == 0) return std::nullopt;
  const auto at = [&](double p) { return value_at_rank(samples, nearest_rank(count, p)); };
  const double mean = (values * weights).sum() / weights.sum();
  const double variance = ((values - mean).square() * weights).sum() / weights.sum();
  return Distribution{count, mean, at(50), std::sqrt(variance), at(90), at(95), at(99)};
}

double percentile(std::vector<double>& samples, double p) {
  assert(!samples.empty());
  const std::int64_t rank = nearest_rank(static_cast<std::int64_t>(samples.size()), p);
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(samples.begin(), nth, samples.end());
  return *nth;
}

}  // namespace kvferry::analysis
