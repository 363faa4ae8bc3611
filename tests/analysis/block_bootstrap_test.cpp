// Statistics of resamples that are never written down, against those of the samples one by one.
#include "analysis/block_bootstrap.hpp"

#include "analysis/distribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace kvferry::analysis {
namespace {

std::vector<double> taken(const std::vector<double>& samples, const Resample& resample) {
  std::vector<double> all;
  resample.for_each_range([&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) all.push_back(samples[i]);
  });
  return all;
}

// With ties, and in waves, so that many resamples are far from the whole.
std::vector<double> random_samples(RandomStream& random) {
  std::vector<double> samples(1 + random.below(400));
  double level = 0;
  for (double& sample : samples) {
    if (random.below(40) == 0) level = static_cast<double>(random.below(50));
    sample = 1 + level + static_cast<double>(random.below(10));
  }
  return samples;
}

TEST(BlockBootstrap, AResampleIsAsLargeAsTheWholeAndCountsWhatItTakes) {
  RandomStream random(1, "resamples");
  for (int round = 0; round < 200; ++round) {
    const std::vector<double> samples = random_samples(random);
    Resample resample(samples.size());
    resample.draw(random, 1 + random.below(samples.size()));
    const std::vector<double> all = taken(samples, resample);
    EXPECT_EQ(all.size(), samples.size());
    double sum = 0;
    for (std::size_t i = 0; i < samples.size(); ++i)
      sum += static_cast<double>(resample.times()[i]) * samples[i];
    EXPECT_DOUBLE_EQ(sum, std::accumulate(all.begin(), all.end(), 0.0));
  }
}

TEST(BlockBootstrap, StatisticsAreThoseOfTheSamplesOneByOne) {
  RandomStream random(2, "statistics");
  for (int round = 0; round < 300; ++round) {
    const std::vector<double> samples = random_samples(random);
    const ResampledMean mean(samples);
    const SortedSamples sorted(samples);
    Resample resample(samples.size());
    for (int draw = 0; draw < 5; ++draw) {
      std::vector<double> all = taken(samples, resample);
      EXPECT_NEAR(mean(resample), distribution_of(all)->mean, 1e-11);
      for (const double p : {1.0, 50.0, 99.0, 100.0})
        EXPECT_EQ(ResampledPercentile(sorted, p)(resample), percentile(all, p)) << p;
      resample.draw(random, 1 + random.below(samples.size()));
    }
  }
}

// Blocks that start at any sample and wrap: in 4000 draws of one block, each sample is taken about
// as often as any other (a binomial deviation is below 2 %).
TEST(BlockBootstrap, EverySampleIsDrawnEquallyOften) {
  RandomStream random(3, "fairness");
  Resample resample(20);
  std::vector<std::int32_t> times(20);
  for (int draw = 0; draw < 4000; ++draw) {
    resample.draw(random, 5);
    for (std::size_t i = 0; i < times.size(); ++i) times[i] += resample.times()[i];
  }
  for (const std::int32_t count : times) EXPECT_NEAR(count, 4000, 400);
}

}  // namespace
}  // namespace kvferry::analysis
