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

/// The rank, from 1, of the nearest-rank percentile p among n samples. @param p 0 < p <= 100
std::int64_t nearest_rank(std::int64_t n, double p);

/// The nearest-rank percentile of an unsorted, non-empty set, which is reordered. @param p 0 < p <=
/// 100
double percentile(std::vector<double>& samples, double p);

}  // namespace kvferry::analysis
