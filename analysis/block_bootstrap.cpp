#include "analysis/block_bootstrap.hpp"

#include "analysis/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kvferry::analysis {
namespace {

constexpr std::size_t kMostResamples = 1000;
constexpr std::size_t kFewestResamples = 100;
constexpr std::size_t kSamplesDrawn = 20'000'000;  // bounds the time on long traces

// A resample's percentile is seldom further below that of all samples, in ranks: 1 / 8 of them.
constexpr std::size_t kMarginDivisor = 8;

}  // namespace

void Resample::draw(RandomStream& random, std::size_t block) {
  stretches_.clear();
  times_.clear();
  for (std::size_t drawn = 0; drawn < samples_; drawn += stretches_.back().length)
    stretches_.push_back({random.below(samples_), std::min(block, samples_ - drawn)});
}

const std::vector<std::int32_t>& Resample::times() const {
  if (!times_.empty()) return times_;
  times_.assign(samples_ + 1, 0);  // changes first: one place more for a range that ends at the end
  for_each_range([&](std::size_t begin, std::size_t end) {
    ++times_[begin];
    --times_[end];
  });
  std::partial_sum(times_.begin(), times_.end(), times_.begin());
  return times_;
}

ResampledMean::ResampledMean(const std::vector<double>& samples) : sum_before_(samples.size() + 1) {
  std::partial_sum(samples.begin(), samples.end(), sum_before_.begin() + 1);
}

double ResampledMean::operator()(const Resample& resample) const {
  double sum = 0;
  resample.for_each_range(
      [&](std::size_t begin, std::size_t end) { sum += sum_before_[end] - sum_before_[begin]; });
  return sum / static_cast<double>(resample.samples());
}

SortedSamples::SortedSamples(const std::vector<double>& samples)
    : samples_(samples), order_(samples.size()) {
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  std::ranges::sort(order_, {}, [&](std::uint32_t i) { return samples[i]; });
}

ResampledPercentile::ResampledPercentile(const SortedSamples& samples, double p)
    : samples_(samples),
      rank_(static_cast<std::size_t>(nearest_rank(static_cast<std::int64_t>(samples.size()), p))),
      skipped_(rank_ - std::min(rank_, samples.size() / kMarginDivisor)),
      skipped_before_(samples.size() + 1) {
  for (std::size_t k = 0; k < skipped_; ++k) skipped_before_[samples_.index(k) + 1] = 1;
  std::partial_sum(skipped_before_.begin(), skipped_before_.end(), skipped_before_.begin());
}

double ResampledPercentile::operator()(const Resample& resample) const {
  std::size_t seen = 0;
  resample.for_each_range([&](std::size_t begin, std::size_t end) {
    seen += skipped_before_[end] - skipped_before_[begin];
  });
  std::size_t next = skipped_;
  if (seen >= rank_) seen = next = 0;  // further below than the margin
  const std::vector<std::int32_t>& times = resample.times();
  while (true) {
    seen += static_cast<std::size_t>(times[samples_.index(next)]);
    if (seen >= rank_) return samples_.value(next);
    ++next;
  }
}

ConfidenceInterval bootstrap_ratio(const Statistic& baseline, const Statistic& variant,
                                   std::size_t samples, std::uint64_t seed) {
  const auto block = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(samples))));
  RandomStream random(seed, "bootstrap");
  Resample resample(samples);
  std::vector<double> ratios(std::clamp(kSamplesDrawn / samples, kFewestResamples, kMostResamples));
  for (double& ratio : ratios) {
    resample.draw(random, block);
    ratio = baseline(resample) / variant(resample);
  }
  return {percentile(ratios, 2.5), percentile(ratios, 97.5)};
}

}  // namespace kvferry::analysis
