// Skipping iterations must not change any result: on randomised systems with small caches, bursts,
// preemptions, sessions and every kind of engine, a run whose every iteration is an event gives the
// same records and the same gaps between tokens.
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "tests/sim/failing_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance = 1e-9;

struct Difference {
  double largest = 0;  ///< relative
  void add(double a, double b) {
    const double scale = std::max({std::abs(a), std::abs(b), 1e-3});
    largest = std::max(largest, std::abs(a - b) / scale);
  }
  void add(Seconds a, Seconds b) { add(a.value, b.value); }
};

void compare_records(const RequestRecord& a, const RequestRecord& b, Difference& difference) {
  ASSERT_EQ(a.request_id, b.request_id);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.prefill_instance, b.prefill_instance);
  EXPECT_EQ(a.decode_instance, b.decode_instance);
  EXPECT_EQ(a.cached_tokens, b.cached_tokens);
  EXPECT_EQ(a.preemptions, b.preemptions);
  EXPECT_EQ(a.restarts, b.restarts);
  EXPECT_EQ(a.kv_raw, b.kv_raw);
  difference.add(a.scheduled, b.scheduled);
  difference.add(a.arrival, b.arrival);
  difference.add(a.prefill_start, b.prefill_start);
  difference.add(a.prefill_end, b.prefill_end);
  difference.add(a.transfer_start, b.transfer_start);
  difference.add(a.kv_ready, b.kv_ready);
  difference.add(a.first_token, b.first_token);
  difference.add(a.finish, b.finish);
}

std::vector<double> expanded(const std::vector<TokenGapRun>& runs) {
  std::vector<double> gaps;
  for (const TokenGapRun& run : runs) {
    for (std::int64_t k = 0; k < run.gaps; ++k) {
      const double gap = run.first_gap.value + static_cast<double>(k) * run.step.value;
      gaps.insert(gaps.end(), static_cast<std::size_t>(run.sequences), gap);
    }
  }
  std::sort(gaps.begin(), gaps.end());
  return gaps;
}

void compare_gaps(const SimulationResult& a, const SimulationResult& b, Difference& difference) {
  const std::vector<double> gaps_a = expanded(a.token_gaps);
  const std::vector<double> gaps_b = expanded(b.token_gaps);
  ASSERT_EQ(gaps_a.size(), gaps_b.size());
  for (std::size_t i = 0; i < gaps_a.size(); ++i) difference.add(gaps_a[i], gaps_b[i]);
}

void compare_totals(const SimulationTotals& a, const SimulationTotals& b, Difference& difference) {
  EXPECT_EQ(a.prefill_iterations, b.prefill_iterations);
  EXPECT_EQ(a.decode_iterations, b.decode_iterations);
  EXPECT_EQ(a.mixed_iterations, b.mixed_iterations);
  EXPECT_EQ(a.kv_blocks_in_use, b.kv_blocks_in_use);
  difference.add(a.prefill_busy, b.prefill_busy);
  difference.add(a.decode_busy, b.decode_busy);
  difference.add(a.mixed_busy, b.mixed_busy);
}

TEST(SkipAhead, GivesTheResultsOfEveryIteration) {
  constexpr std::uint64_t kSystems = 800;
  Difference difference;
  std::int64_t preemptions = 0;
  std::int64_t iterations = 0;
  std::int64_t runs = 0;
  for (std::uint64_t seed = 1; seed <= kSystems && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed, "skip ahead");
    SimulationConfig config = random_system(random);
    const auto requests = random_requests(random);
    const auto codec = codec::make_raw_transfer();
    const SimulationResult skipping = simulate_isolated(config, requests, *codec);
    config.skip_ahead = false;
    const SimulationResult stepping = simulate_isolated(config, requests, *codec);
    ASSERT_EQ(skipping.records.size(), stepping.records.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      compare_records(skipping.records[i], stepping.records[i], difference);
      preemptions += skipping.records[i].preemptions;
    }
    compare_gaps(skipping, stepping, difference);
    compare_totals(skipping.totals, stepping.totals, difference);
    iterations += stepping.totals.decode_iterations + stepping.totals.mixed_iterations;
    runs += static_cast<std::int64_t>(skipping.token_gaps.size());
    EXPECT_LT(difference.largest, kTolerance);
  }
  std::cout << kSystems << " systems, " << iterations << " decode and mixed iterations in " << runs
            << " runs of gaps, " << preemptions << " preemptions; largest relative difference "
            << difference.largest << '\n';
  EXPECT_GT(preemptions, 1000) << "the systems must be small enough to preempt";
}

// The same when iterations are cut by deaths, and requests begin again.
TEST(SkipAhead, GivesTheResultsOfEveryIterationWhenInstancesDie) {
  constexpr std::uint64_t kSystems = 400;
  Difference difference;
  std::int64_t restarts = 0;
  for (std::uint64_t seed = 1; seed <= kSystems && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed, "skip ahead with deaths");
    SimulationConfig config = random_system(random);
    choose_hand_off(random, config);
    add_random_deaths(random, config);
    const auto requests = random_requests(random);
    const auto codec = codec::make_raw_transfer();
    const SimulationResult skipping = simulate_isolated(config, requests, *codec);
    config.skip_ahead = false;
    const SimulationResult stepping = simulate_isolated(config, requests, *codec);
    ASSERT_EQ(skipping.records.size(), stepping.records.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      compare_records(skipping.records[i], stepping.records[i], difference);
      restarts += skipping.records[i].restarts;
    }
    compare_gaps(skipping, stepping, difference);
    compare_totals(skipping.totals, stepping.totals, difference);
    EXPECT_LT(difference.largest, kTolerance);
  }
  std::cout << kSystems << " systems, " << restarts << " restarts; largest relative difference "
            << difference.largest << '\n';
  EXPECT_GT(restarts, 1000) << "deaths must hit somebody";
}

}  // namespace
}  // namespace kvferry::sim
