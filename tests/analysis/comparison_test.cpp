#include "analysis/comparison.hpp"

#include "sim/base/random.hpp"
#include "tests/analysis/collected.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kvferry::analysis {
namespace {

// n requests; times of the variant are those of the baseline divided by `speedup`, give or take
// some noise.
SimulationResult run_of(int n, double speedup, std::uint64_t seed, double noise) {
  RandomStream common(1, "requests");
  RandomStream own(seed, "noise");
  SimulationResult result;
  for (int i = 0; i < n; ++i) {
    RequestRecord r;
    r.request_id = i;
    r.arrival = {static_cast<double>(i)};
    r.input_tokens = 100;
    r.output_tokens = 10;
    const double ttft = (0.5 + common.exponential()) / speedup * (1 + noise * own.uniform());
    r.prefill_end = {r.arrival.value + ttft / 4};
    r.transfer_start = {r.arrival.value + ttft / 2};
    r.kv_ready = {r.arrival.value + ttft};
    r.first_token = r.kv_ready;
    r.finish = {r.first_token.value + 0.9};
    r.outcome = Outcome::finished;
    result.records.push_back(r);
  }
  return result;
}

TEST(Comparison, OfARunWithItselfIsExactlyOne) {
  const auto run = run_of(200, 1, 1, 0.3);
  const Comparison c = compare(run, run, {0}, 7);
  EXPECT_TRUE(c.paired);
  EXPECT_EQ(c.pairs, 200);
  for (const auto& speedup :
       {c.ttft_mean, c.ttft_p50, c.ttft_p99, c.tpot_mean, c.transfer_mean, c.request_throughput}) {
    EXPECT_DOUBLE_EQ(speedup->value, 1);
    EXPECT_DOUBLE_EQ(speedup->interval->low, 1);
    EXPECT_DOUBLE_EQ(speedup->interval->high, 1);
  }
}

TEST(Comparison, FindsTheSpeedUpAndEnclosesIt) {
  const Comparison c = compare(run_of(2000, 1, 1, 0.5), run_of(2000, 1.3, 2, 0.5), {0}, 7);
  EXPECT_NEAR(c.ttft_mean->value, 1.3, 0.02);
  EXPECT_LT(c.ttft_mean->interval->low, 1.3);
  EXPECT_GT(c.ttft_mean->interval->high, 1.3);
  EXPECT_LT(c.ttft_mean->interval->high - c.ttft_mean->interval->low, 0.1);
  EXPECT_NEAR(c.transfer_mean->value, 1.3, 0.02);
}

// A 95 % interval misses the truth once in twenty: over 60 repetitions, between 0 and 9 times.
TEST(Comparison, TheIntervalCoversTheTruthAboutAsOftenAsItSays) {
  int missed = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Comparison c =
        compare(run_of(400, 1, 2 * i + 1, 1), run_of(400, 1, 2 * i + 2, 1), {0}, i);
    if (c.ttft_mean->interval->low > 1 || c.ttft_mean->interval->high < 1) ++missed;
  }
  EXPECT_LE(missed, 9);
}

TEST(Comparison, IsReproducible) {
  const auto a = run_of(300, 1, 1, 0.5);
  const auto b = run_of(300, 1.2, 2, 0.5);
  EXPECT_EQ(compare(a, b, {0}, 7).ttft_p99->interval->low,
            compare(a, b, {0}, 7).ttft_p99->interval->low);
}

TEST(Comparison, OfDifferentRequestsIsNotMade) {
  auto other = run_of(200, 1, 1, 0);
  other.records[5].input_tokens += 1;
  const Comparison c = compare(run_of(200, 1, 1, 0), other, {0}, 7);
  EXPECT_FALSE(c.paired);
  EXPECT_FALSE(c.ttft_mean);
}

// A closed loop: each run sends in an order of its own, later turns at dates of its own.
TEST(Comparison, PairsRequestsByIdHoweverTheyWereSent) {
  const auto baseline = run_of(200, 1, 1, 0.3);
  auto variant = run_of(200, 1.25, 1, 0.3);
  std::reverse(variant.records.begin(), variant.records.end());
  const Comparison expected = compare(baseline, run_of(200, 1.25, 1, 0.3), {0}, 7);
  const Comparison c = compare(baseline, variant, {0}, 7);
  ASSERT_TRUE(c.paired);
  EXPECT_EQ(c.pairs, 200);
  EXPECT_EQ(c.ttft_mean->value, expected.ttft_mean->value);
  EXPECT_EQ(c.ttft_p99->interval->low, expected.ttft_p99->interval->low);
}

TEST(Comparison, LaterTurnsMayBeDueAtOtherDatesButFirstOnesNot) {
  auto baseline = run_of(100, 1, 1, 0);
  for (RequestRecord& record : baseline.records) record.session = record.request_id / 2;
  auto variant = baseline;
  variant.records[7].scheduled = {100};
  EXPECT_TRUE(compare(baseline, variant, {0}, 7).paired);
  variant.records[8].scheduled = {100};
  EXPECT_FALSE(compare(baseline, variant, {0}, 7).paired);
}

TEST(Comparison, AStageIsComparedOverRequestsThatHadItInBoth) {
  const auto baseline = run_of(100, 1, 1, 0);
  auto in_place = baseline;
  for (RequestRecord& record : in_place.records) {
    record.transfer_start = kNever;
    record.kv_ready = record.prefill_end;
  }
  const Comparison c = compare(baseline, in_place, {0}, 7);
  EXPECT_TRUE(c.ttft_mean);
  EXPECT_FALSE(c.transfer_mean);
}

TEST(Comparison, FewPairsGiveNoInterval) {
  const auto run = run_of(20, 1, 1, 0);
  EXPECT_TRUE(compare(run, run, {0}, 7).ttft_mean);
  EXPECT_FALSE(compare(run, run, {0}, 7).ttft_mean->interval);
}

TEST(Comparison, UsesRequestsThatFinishedInBothAfterTheWarmUp) {
  auto baseline = run_of(100, 1, 1, 0);
  const auto variant = run_of(100, 1, 1, 0);
  baseline.records[50].outcome = Outcome::unfinished;
  EXPECT_EQ(compare(baseline, variant, {10}, 7).pairs, 89);
}

TEST(Comparison, OfNothingIsNothing) {
  const SimulationResult empty;
  const Comparison c = compare(empty, empty, {0}, 7);
  EXPECT_TRUE(c.paired);
  EXPECT_FALSE(c.ttft_mean);
  EXPECT_FALSE(c.request_throughput);
}

}  // namespace
}  // namespace kvferry::analysis
