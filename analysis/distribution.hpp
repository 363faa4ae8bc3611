// Mean, deviation and percentiles of a set of numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::analysis {

/// Percentiles by nearest rank: the smallest sample with at least p % of the samples at or below
/// it. The deviation is that of the population.
struct Distribution {
  std::int64_t count{};
  double mean{};
  double median{};
  double deviation{};
  double p90{};
  double p95{};
  double p99{};
};

/// Nothing when there are no samples.
std::optional<Distribution> distribution_of(std::vector<double> samples);

struct WeightedSample {
  double value;
  std::int64_t count;
};

/// Each sample stands for `count` equal ones.
std::optional<Distribution> distribution_of(std::vector<WeightedSample> samples);

/// The nearest-rank percentile of an unsorted, non-empty set, which is reordered. @param p 0 < p <=
/// 100
double percentile(std::vector<double>& samples, double p);

}  // namespace kvferry::analysis
