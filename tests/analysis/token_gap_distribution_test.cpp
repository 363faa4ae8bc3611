// Runs of token gaps against every one of their gaps.
#include "analysis/token_gap_distribution.hpp"

#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace kvferry::analysis {
namespace {

// What the runs stand for, one by one.
std::vector<double> expanded(const TokenGapRuns& runs, Seconds warmup) {
  std::vector<double> samples;
  for (const TokenGapRun& run : runs) {
    for (std::int64_t k = 0; k < run.gaps; ++k) {
      const auto n = static_cast<double>(k);
      const Seconds end = run.first_end + run.first_gap * n + run.step * (n * (n + 1) / 2);
      const Seconds gap = run.first_gap + run.step * n;
      if (end >= warmup)
        samples.insert(samples.end(), static_cast<std::size_t>(run.sequences), gap.value);
    }
  }
  return samples;
}

void expect_same(const TokenGapRuns& runs, Seconds warmup) {
  const auto closed = distribution_of(runs, warmup);
  const auto one_by_one = distribution_of(expanded(runs, warmup));
  ASSERT_EQ(closed.has_value(), one_by_one.has_value());
  if (!closed) return;
  EXPECT_EQ(closed->count, one_by_one->count);
  EXPECT_EQ(closed->median, one_by_one->median);
  EXPECT_EQ(closed->p90, one_by_one->p90);
  EXPECT_EQ(closed->p95, one_by_one->p95);
  EXPECT_EQ(closed->p99, one_by_one->p99);
  EXPECT_NEAR(closed->mean, one_by_one->mean, 1e-12 * one_by_one->mean);
  EXPECT_NEAR(closed->deviation, one_by_one->deviation, 1e-12 * one_by_one->mean);
}

// Decode iterations of 20 ms or so that grow with the contexts, now and then a wait for a prefill
// a thousand times as long, and steps from none to ones that double the gap.
TokenGapRun random_run(RandomStream& random) {
  const double stall = random.below(20) == 0 ? 1000 : 1;
  const double first = (0.01 + 0.02 * random.uniform()) * stall;
  const double steps[]{0, 0, 1e-22, 1e-9, 1e-6, 1e-3, 0.01};
  return {{100 * random.uniform()},
          {first},
          {steps[random.below(7)]},
          static_cast<std::int64_t>(1 + random.below(random.below(4) == 0 ? 300 : 5)),
          static_cast<std::int64_t>(1 + random.below(20))};
}

TEST(TokenGapDistribution, IsThatOfTheGapsOneByOne) {
  RandomStream random(2026, "token gaps");
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    TokenGapRuns runs;
    for (std::uint64_t i = random.below(40); i < 40; ++i) runs.push_back(random_run(random));
    expect_same(runs, {0});
    expect_same(runs, {50 * random.uniform()});
  }
}

TEST(TokenGapDistribution, HasTiesWithinAndBetweenRuns) {
  RandomStream random(7, "ties");
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    TokenGapRuns runs;
    for (std::uint64_t i = 0; i <= random.below(30); ++i) {
      const auto eighths = [&](std::uint64_t n) {
        return static_cast<double>(random.below(n)) / 8;
      };
      runs.push_back({{1},
                      {eighths(4)},
                      {eighths(3)},
                      static_cast<std::int64_t>(1 + random.below(6)),
                      static_cast<std::int64_t>(1 + random.below(3))});
    }
    expect_same(runs, {0});
  }
}

TEST(TokenGapDistribution, NeighbouringDoublesAreToldApart) {
  const double gap = 0.02;
  const double next = std::nextafter(gap, 1);
  const Distribution d = *distribution_of({{{1}, {gap}, {}, 1, 50}, {{1}, {next}, {}, 1, 50}}, {0});
  EXPECT_EQ(d.median, gap);
  EXPECT_EQ(d.p90, next);
}

// Gaps of 1, 2, 3 and 4 s that end at 10, 12, 15 and 19 s.
TEST(TokenGapDistribution, TheWarmUpCutsARunAtItsOwnDates) {
  const TokenGapRuns runs{{{10}, {1}, {1}, 4, 2}};
  EXPECT_EQ(distribution_of(runs, {10})->count, 8);
  EXPECT_EQ(distribution_of(runs, {10.5})->count, 6);
  EXPECT_EQ(distribution_of(runs, {12})->count, 6);
  EXPECT_EQ(distribution_of(runs, {15})->mean, 3.5);
  EXPECT_EQ(distribution_of(runs, {18.9})->median, 4);
  EXPECT_FALSE(distribution_of(runs, {19.1}));
}

// The mean of 1, 2, ..., n is (n + 1) / 2, its deviation sqrt((n^2 - 1) / 12): a run that nobody
// could expand.
TEST(TokenGapDistribution, OfATrillionGapsIsExact) {
  const std::int64_t n = 1'000'000'000'000;
  const Distribution d = *distribution_of({{{1}, {1}, {1}, n, 1}}, {0});
  const auto count = static_cast<double>(n);
  EXPECT_EQ(d.count, n);
  EXPECT_DOUBLE_EQ(d.mean, (count + 1) / 2);
  EXPECT_DOUBLE_EQ(d.deviation, std::sqrt((count * count - 1) / 12));
  EXPECT_EQ(d.median, count / 2);
  EXPECT_EQ(d.p99, count * 0.99);
}

// A deviation of a nanosecond beside a mean of 20 ms, over a million gaps.
TEST(TokenGapDistribution, ASmallDeviationSurvivesALargeMean) {
  const TokenGapRuns runs{{{1}, {0.02 - 1e-9}, {}, 1000, 500}, {{1}, {0.02 + 1e-9}, {}, 1000, 500}};
  EXPECT_NEAR(distribution_of(runs, {0})->deviation, 1e-9, 1e-16);
}

TEST(TokenGapDistribution, OfNothingIsNothing) {
  EXPECT_FALSE(distribution_of(TokenGapRuns{}, {0}));
  EXPECT_FALSE(distribution_of(TokenGapRuns{{{1}, {1}, {}, 0, 5}, {{1}, {1}, {}, 5, 0}}, {0}));
}

}  // namespace
}  // namespace kvferry::analysis
