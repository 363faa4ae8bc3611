// What must hold however much fails: random systems whose instances die and whose links fail.
#include "sim/isolated_simulation.hpp"
#include "sim/placement.hpp"
#include "tests/sim/failing_system.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

void add_random_link_failures(RandomStream& random, SimulationConfig& config) {
  const Placement placement = place(config);
  for (const topologies::Link& link : placement.topology.links) {
    if (!link.name.starts_with("nic") || random.below(3) > 0) continue;
    Remains remains;
    if (random.below(2) == 0) remains.share = 0.05 + 0.9 * random.uniform();
    config.failures.stated.push_back(
        fails(link.name, random.exponential(), random.exponential() * 0.3, remains));
  }
  if (random.below(2) == 0)
    config.failures.random.push_back({{ElementKind::nic, "prefill"}, {1}, {0.05}, {}});
  if (random.below(3) == 0) {
    config.failures.background.push_back(
        {placement.topology.links.front().name, {{{0}, 1}, {{0.1}, 0.3}}, Seconds{0.3}});
  }
}

SimulationConfig failing_system(RandomStream& random) {
  SimulationConfig config = random_system(random);
  choose_hand_off(random, config);
  add_random_deaths(random, config);
  if (config.mode == Mode::disaggregated) add_random_link_failures(random, config);
  config.transfer.retry.resume = random.below(2) == 0;
  config.transfer.retry.backoff = {pick(random, 0.0, 0.01)};
  config.transfer.retry.limit = pick(random, 0, 2, 16);
  config.transfer.retry.patience = {pick(random, 0.05, 60.0)};
  if (random.below(6) == 0) config.failures.stated.push_back(dies("decode", 1 + random.uniform()));
  return config;
}

void expect_dates_in_order(const RequestRecord& r, FirstToken convention) {
  EXPECT_LE(r.scheduled, r.arrival);
  EXPECT_LE(r.arrival, r.prefill_start);
  EXPECT_LT(r.prefill_start, r.prefill_end);
  if (r.transfer_start != kNever) {
    EXPECT_LE(r.prefill_start, r.transfer_start);
  }
  if (r.kv_ready == kNever) {
    EXPECT_EQ(convention, FirstToken::prefill) << "all tokens came before the hand-off";
  } else {
    EXPECT_LE(r.transfer_start, r.kv_ready);
    EXPECT_LE(r.prefill_end, r.kv_ready);
  }
  EXPECT_LE(r.prefill_end, r.first_token);
  EXPECT_LE(r.first_token, r.finish);
}

struct Seen {
  std::int64_t restarts = 0;
  std::int64_t failed = 0;
  std::int64_t finished = 0;
};

void expect_conserved(const SimulationConfig& config,
                      const std::vector<workloads::Request>& requests,
                      const SimulationResult& result, Seen& seen) {
  ASSERT_EQ(result.records.size(), requests.size());
  std::int64_t gaps = 0;
  std::int64_t failed = 0;
  for (const RequestRecord& record : result.records) {
    seen.restarts += record.restarts;
    EXPECT_LE(record.restarts, config.failures.max_restarts);
    if (record.outcome == Outcome::finished) {
      ++seen.finished;
      expect_dates_in_order(record, config.first_token);
      gaps += record.output_tokens - 1;
    } else if (is_failed(record.outcome)) {
      ++failed;
      EXPECT_EQ(record.finish, kNever);
    } else if (record.outcome == Outcome::unfinished) {
      EXPECT_TRUE(config.horizon.has_value());
    } else {
      EXPECT_TRUE(is_rejected(record.outcome));
    }
  }
  seen.failed += failed;
  if (config.horizon) return;
  EXPECT_EQ(result.totals.kv_blocks_in_use, 0);
  std::int64_t counted = 0;
  for (const TokenGapRun& run : result.token_gaps) {
    EXPECT_GT(run.first_gap.value, 0);
    counted += run.gaps * run.sequences;
  }
  if (failed == 0) {
    EXPECT_EQ(counted, gaps) << "every token but the first has a gap before it";
  } else {
    EXPECT_GE(counted, gaps);
  }
}

TEST(FailureConservation, NothingIsLostOnRandomSystems) {
  constexpr std::uint64_t kSystems = 300;
  Seen seen;
  for (std::uint64_t seed = 1; seed <= kSystems && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed, "failures");
    const SimulationConfig config = failing_system(random);
    const auto requests = random_requests(random);
    const auto codec =
        random.below(2) == 0
            ? codec::make_raw_transfer()
            : codec::make_constant_codec({{{100e-6}, {50e9}}, {{50e-6}, {100e9}}, 1.33});
    expect_conserved(config, requests, simulate_isolated(config, requests, *codec), seen);
  }
  std::cout << kSystems << " systems, " << seen.finished << " requests finished, " << seen.restarts
            << " restarts, " << seen.failed << " failed\n";
  EXPECT_GT(seen.restarts, 500);
  EXPECT_GT(seen.failed, 10);
}

TEST(FailureConservation, TheSameInputGivesTheSameBits) {
  const auto equal = [](const RequestRecord& x, const RequestRecord& y) {
    return x.finish == y.finish && x.kv_ready == y.kv_ready && x.prefill_end == y.prefill_end &&
           x.kv_wire == y.kv_wire && x.decode_instance == y.decode_instance &&
           x.restarts == y.restarts && x.outcome == y.outcome;
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomStream random(seed, "failures");
    const SimulationConfig config = failing_system(random);
    const auto requests = random_requests(random);
    const auto codec = codec::make_raw_transfer();
    const SimulationResult a = simulate_isolated(config, requests, *codec);
    const SimulationResult b = simulate_isolated(config, requests, *codec);
    EXPECT_TRUE(std::ranges::equal(a.records, b.records, equal)) << "seed " << seed;
    EXPECT_EQ(a.totals.flows, b.totals.flows);
    EXPECT_EQ(a.totals.end, b.totals.end);
  }
}

}  // namespace
}  // namespace kvferry::sim
