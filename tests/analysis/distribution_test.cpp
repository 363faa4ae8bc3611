#include "analysis/distribution.hpp"

#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace kvferry::analysis {
namespace {

TEST(Distribution, OfOneToAHundredHasItsNearestRanks) {
  std::vector<double> samples(100);
  std::iota(samples.rbegin(), samples.rend(), 1.0);
  const Distribution d = *distribution_of(samples);
  EXPECT_EQ(d.count, 100);
  EXPECT_DOUBLE_EQ(d.mean, 50.5);
  EXPECT_EQ(d.median, 50);
  EXPECT_EQ(d.p90, 90);
  EXPECT_EQ(d.p95, 95);
  EXPECT_EQ(d.p99, 99);
  EXPECT_NEAR(d.deviation, std::sqrt((100.0 * 100 - 1) / 12), 1e-12);
}

TEST(Distribution, OfOneSampleIsThatSample) {
  const Distribution d = *distribution_of(std::vector<double>{7});
  EXPECT_EQ(d.mean, 7);
  EXPECT_EQ(d.p99, 7);
  EXPECT_EQ(d.deviation, 0);
}

TEST(Distribution, OfNothingIsNothing) {
  EXPECT_FALSE(distribution_of(std::vector<double>{}));
}

TEST(Distribution, PercentilesAreThoseOfTheSortedSet) {
  RandomStream random(1, "ties");
  for (int round = 0; round < 200; ++round) {
    std::vector<double> samples(1 + random.below(300));
    for (double& sample : samples) sample = static_cast<double>(random.below(20));
    const Distribution d = *distribution_of(samples);
    std::sort(samples.begin(), samples.end());
    const auto at = [&](double p) {
      const auto rank = std::ceil(p / 100 * static_cast<double>(samples.size()));
      return samples[static_cast<std::size_t>(rank) - 1];
    };
    EXPECT_EQ(d.median, at(50));
    EXPECT_EQ(d.p90, at(90));
    EXPECT_EQ(d.p95, at(95));
    EXPECT_EQ(d.p99, at(99));
  }
}

TEST(Distribution, PercentileOfAnUnsortedSet) {
  std::vector<double> samples{5, 1, 4, 2, 3};
  EXPECT_EQ(percentile(samples, 50), 3);
  EXPECT_EQ(percentile(samples, 100), 5);
  EXPECT_EQ(percentile(samples, 1), 1);
}

}  // namespace
}  // namespace kvferry::analysis
