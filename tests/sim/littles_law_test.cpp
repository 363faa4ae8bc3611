// Little's law, L = lambda W, on randomised systems: caches too small, preemptions, sessions, every
// kind of engine. Summed over a run that empties, it says: the integral of the number inside is the
// sum of the stays. Both sides come from different witnesses, or the law would be an identity: stays
// from the records, numbers inside from what engines say of themselves.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/random_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

struct RandomRun {
  SimulationConfig config;
  std::vector<workloads::Request> requests;

  explicit RandomRun(std::uint64_t seed) {
    RandomStream random(seed, "little");
    config = random_system(random);
    config.horizon.reset();
    requests = random_requests(random);
  }
  SimulationResult result() const {
    return simulate_isolated(config, requests, *codec::make_raw_transfer());
  }
};

// The number inside at a date, as a run that stops there finds it.
std::int64_t left_unfinished_at(RandomRun run, Seconds date) {
  run.config.horizon = date;
  const auto records = run.result().records;
  return std::ranges::count_if(records, [](const RequestRecord& record) {
    return record.outcome == Outcome::unfinished && record.arrival != kNever;
  });
}

// Of an answer of one token that prefill gave, the cache is still on its way when the client has it.
std::int64_t inside_at(const std::vector<RequestRecord>& records, Seconds date) {
  return std::ranges::count_if(records, [&](const RequestRecord& record) {
    return record.outcome == Outcome::finished && record.arrival <= date &&
           std::max(record.finish, record.kv_ready) > date;
  });
}

TEST(LittlesLaw, HoldsOnTheWholeSystem) {
  constexpr int kDates = 6;
  std::int64_t seen = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomRun run(seed);
    const SimulationResult whole = run.result();
    for (int i = 1; i <= kDates; ++i) {
      const Seconds date = whole.totals.end * (double{1} * i / (kDates + 1));
      const std::int64_t inside = inside_at(whole.records, date);
      EXPECT_EQ(left_unfinished_at(run, date), inside) << "at " << date.value;
      seen += inside;
    }
  }
  EXPECT_GT(seen, 1000) << "too little is in these systems to tell anything";
}

// Every gap between tokens is a time that its sequences spent answering: number inside times time.
double answering_s(const std::vector<TokenGapRun>& runs) {
  double sum = 0;
  for (const TokenGapRun& run : runs) {
    const auto n = static_cast<double>(run.gaps);
    sum += static_cast<double>(run.sequences) *
           (n * run.first_gap.value + n * (n - 1) / 2 * run.step.value);
  }
  return sum;
}

TEST(LittlesLaw, HoldsOnAnswers) {
  std::int64_t preemptions = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const SimulationResult result = RandomRun(seed).result();
    double stays = 0;
    for (const RequestRecord& record : result.records) {
      if (record.outcome == Outcome::finished) stays += (record.finish - record.first_token).value;
      preemptions += record.preemptions;
    }
    EXPECT_NEAR(answering_s(result.token_gaps), stays, 1e-9 * stays);
  }
  EXPECT_GT(preemptions, 200);
}

// Where an engine takes one prompt at a time and whole, its busy time is the integral of the number
// that it computes: 0 or 1.
TEST(LittlesLaw, HoldsOnPromptsBeingComputed) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed);
    run.config.mode = Mode::disaggregated;
    run.config.mixed.reset();
    run.config.prefill.max_batch_size = 1;
    const SimulationResult result = run.result();
    double stays = 0;
    for (const RequestRecord& record : result.records) {
      if (record.outcome == Outcome::finished)
        stays += (record.prefill_end - record.prefill_start).value;
    }
    EXPECT_NEAR(result.totals.prefill_busy.value, stays, 1e-9 * stays);
  }
}

}  // namespace
}  // namespace kvferry::sim
