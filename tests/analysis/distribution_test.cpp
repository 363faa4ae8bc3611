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
  EXPECT_FALSE(distribution_of(std::vector<WeightedSample>{}));
}

TEST(Distribution, AWeightedSampleStandsForAsManyEqualOnes) {
  RandomStream random(1, "weights");
  for (int round = 0; round < 50; ++round) {
    std::vector<WeightedSample> weighted;
    std::vector<double> expanded;
    for (std::uint64_t i = 0; i <= random.below(20); ++i) {
      weighted.push_back({random.gaussian(), static_cast<std::int64_t>(1 + random.below(30))});
      expanded.insert(expanded.end(), static_cast<std::size_t>(weighted.back().count),
                      weighted.back().value);
    }
    const Distribution a = *distribution_of(weighted);
    const Distribution b = *distribution_of(expanded);
    EXPECT_EQ(a.count, b.count);
    EXPECT_NEAR(a.mean, b.mean, 1e-12);
    EXPECT_NEAR(a.deviation, b.deviation, 1e-12);
    EXPECT_EQ(a.median, b.median);
    EXPECT_EQ(a.p90, b.p90);
    EXPECT_EQ(a.p99, b.p99);
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
