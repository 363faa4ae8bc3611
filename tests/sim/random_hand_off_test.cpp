// What must hold however a cache is handed off: random topologies, transfer engines, overlaps,
// bindings and codecs, while instances die and links fail.
#include "sim/isolated_simulation.hpp"
#include "sim/placement.hpp"
#include "tests/sim/random_network.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

struct Drawn {
  SimulationConfig config;
  std::vector<workloads::Request> requests;
  std::unique_ptr<codec::TransferCodec> codec;
};

void add_link_failures(RandomStream& random, SimulationConfig& config) {
  const Placement placement = place(config);
  for (const topologies::Link& link : placement.topology.links) {
    if (random.below(2) > 0) continue;
    Remains remains;
    if (random.below(2) == 0) remains.share = 0.05 + 0.9 * random.uniform();
    double when = random.exponential() * 0.3;
    for (int outages = 0; outages < 4; ++outages) {
      const double duration = 0.001 + random.exponential() * 0.05;
      config.failures.stated.push_back(fails(link.name, when, duration, remains));
      when += duration + 0.001 + random.exponential() * 0.3;
    }
  }
  config.transfer.retry.resume = random.below(2) == 0;
  config.transfer.retry.backoff = {pick(random, 0.0, 0.01)};
  config.transfer.retry.limit = pick(random, 0, 2, 16);
  config.transfer.retry.patience = {pick(random, 0.05, 60.0)};
}

Drawn draw(std::uint64_t seed) {
  RandomStream random(seed, "hand-offs");
  Drawn drawn{random_system(random), {}, {}};
  SimulationConfig& config = drawn.config;
  choose_hand_off(random, config);
  choose_network(random, config, scenarios::known_transfer_engines());
  add_random_deaths(random, config);
  if (config.mode == Mode::disaggregated && random.below(2) == 0) add_link_failures(random, config);
  drawn.requests = random_requests(random);
  drawn.codec = random.below(3) == 0
                    ? codec::make_raw_transfer()
                    : codec::make_constant_codec({{{100e-6}, {pick(random, 2e9, 50e9)}},
                                                  {{50e-6}, {pick(random, 2e9, 100e9)}},
                                                  1.33});
  return drawn;
}

void expect_sound(const RequestRecord& r) {
  EXPECT_GE(r.network.value, 0);
  if (r.outcome != Outcome::finished || r.kv_ready == kNever) return;
  EXPECT_LE(r.transfer_start, r.kv_ready);
  EXPECT_LE(r.prefill_end, r.kv_ready);
}

// Room is given back, and every request ends; the simulator itself says so when one does not.
TEST(RandomHandOffs, LoseNothing) {
  constexpr std::uint64_t kSystems = 200;
  std::int64_t handoffs = 0;
  std::int64_t restarts = 0;
  std::int64_t retries = 0;
  for (std::uint64_t seed = 1; seed <= kSystems && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Drawn drawn = draw(seed);
    const SimulationResult result = simulate_isolated(drawn.config, drawn.requests, *drawn.codec);
    ASSERT_EQ(result.records.size(), drawn.requests.size());
    for (const RequestRecord& record : result.records) {
      expect_sound(record);
      restarts += record.restarts;
      retries += record.retries;
    }
    handoffs += result.totals.handoffs;
    if (!drawn.config.horizon) {
      EXPECT_EQ(result.totals.kv_blocks_in_use, 0);
    }
  }
  std::cout << kSystems << " systems, " << handoffs << " hand-offs, " << restarts << " restarts, "
            << retries << " retries\n";
  EXPECT_GT(handoffs, 1000);
  EXPECT_GT(restarts, 500);
  EXPECT_GT(retries, 50);
}

TEST(RandomHandOffs, AreTheSameWhenEveryIterationIsAnEvent) {
  constexpr double kTolerance_s = 1e-6;
  for (std::uint64_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Drawn drawn = draw(seed);
    const SimulationResult skipping = simulate_isolated(drawn.config, drawn.requests, *drawn.codec);
    drawn.config.skip_ahead = false;
    const SimulationResult stepping = simulate_isolated(drawn.config, drawn.requests, *drawn.codec);
    ASSERT_EQ(skipping.records.size(), stepping.records.size());
    for (std::size_t i = 0; i < skipping.records.size(); ++i) {
      const RequestRecord& a = skipping.records[i];
      const RequestRecord& b = stepping.records[i];
      EXPECT_EQ(a.outcome, b.outcome);
      EXPECT_EQ(a.decode_instance, b.decode_instance);
      EXPECT_EQ(a.kv_wire, b.kv_wire);
      EXPECT_EQ(a.retries, b.retries);
      EXPECT_EQ(a.restarts, b.restarts);
      EXPECT_NEAR(a.prefill_end.value, b.prefill_end.value, kTolerance_s);
      EXPECT_NEAR(a.kv_ready.value, b.kv_ready.value, kTolerance_s);
      EXPECT_NEAR(a.finish.value, b.finish.value, kTolerance_s);
    }
  }
}

}  // namespace
}  // namespace kvferry::sim
