// The paired moving-block bootstrap: how far a ratio of two statistics over the same requests may
// be off by chance. Blocks of neighbours are drawn, because neighbours in a queue share their fate.
#pragma once

#include "sim/base/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace kvferry::analysis {

/// Which samples a resample takes: stretches of neighbours that start anywhere and go on at the
/// front when they reach the end, so that every sample is drawn equally often.
class Resample {
 public:
  struct Stretch {
    std::size_t start;
    std::size_t length;
  };

  /// All samples once.
  explicit Resample(std::size_t samples) : samples_(samples), stretches_{{0, samples}} {}

  /// As many samples as there are, in stretches of `block` and a shorter last one.
  void draw(RandomStream& random, std::size_t block);

  std::size_t samples() const { return samples_; }

  /// Calls use(begin, end) for ranges of samples without wrapping.
  template <typename Use>
  void for_each_range(Use use) const {
    for (const auto& [start, length] : stretches_) {
      const std::size_t before_the_end = std::min(length, samples_ - start);
      use(start, start + before_the_end);
      if (length > before_the_end) use(std::size_t{0}, length - before_the_end);
    }
  }

  /// How often each sample is taken; made when first asked for.
  const std::vector<std::int32_t>& times() const;

 private:
  std::size_t samples_;
  std::vector<Stretch> stretches_;
  mutable std::vector<std::int32_t> times_;  ///< empty: not made yet
};

/// The mean of a resample, from sums over ranges: O(stretches).
class ResampledMean {
 public:
  explicit ResampledMean(const std::vector<double>& samples);
  double operator()(const Resample& resample) const;

 private:
  std::vector<double> sum_before_;
};

/// Samples in ascending order, for several percentiles of them.
class SortedSamples {
 public:
  /// @param samples must outlive this; fewer than 2^32
  explicit SortedSamples(const std::vector<double>& samples);
  double value(std::size_t rank_from_0) const { return samples_[order_[rank_from_0]]; }
  std::uint32_t index(std::size_t rank_from_0) const { return order_[rank_from_0]; }
  std::size_t size() const { return order_.size(); }

 private:
  const std::vector<double>& samples_;
  std::vector<std::uint32_t> order_;
};

/// The nearest-rank percentile of a resample. Looks at the samples from somewhat below the
/// percentile of all samples on; how many of a resample are below that is a sum over ranges.
class ResampledPercentile {
 public:
  ResampledPercentile(const SortedSamples& samples, double p);
  double operator()(const Resample& resample) const;

 private:
  const SortedSamples& samples_;
  std::size_t rank_;
  std::size_t skipped_;                        ///< the smallest samples
  std::vector<std::uint32_t> skipped_before_;  ///< how many of them have a smaller index
};

using Statistic = std::function<double(const Resample&)>;

struct ConfidenceInterval {
  double low;
  double high;
};

/// The central 95 % of baseline / variant over resamples of the same requests. @param samples at
/// least one
ConfidenceInterval bootstrap_ratio(const Statistic& baseline, const Statistic& variant,
                                   std::size_t samples, std::uint64_t seed);

}  // namespace kvferry::analysis
