// Links that fail, degrade and carry the traffic of others, against times worked out by hand.
#include "sim/failures.hpp"
#include "sim/isolated_simulation.hpp"
#include "tests/sim/failing_system.hpp"
#include "tests/sim/fake_backend.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;

// Of 1000 tokens of 131,072 bytes at 10 GB/s.
constexpr double kHandOff_s = 1000 * 131'072 / 10e9;

SimulationResult run(const SimulationConfig& config) {
  return simulate_isolated(config, std::vector{request(0, 0, 1000, 2)},
                           *codec::make_raw_transfer());
}

double hand_off_s(const SimulationConfig& config) {
  const RequestRecord record = run(config).records.front();
  return (record.kv_ready - record.prefill_end).value;
}

// GPU 0 computes prompts. Down in the middle of the hand-off for D: what was sent counts, and it goes
// on when the link is back.   hand-off = bytes / bandwidth + D
TEST(LinkFailure, DelaysALoneHandOffByExactlyTheOutage) {
  SimulationConfig config = small_system();
  const double start = prefill_s(config, 1000);
  EXPECT_NEAR(hand_off_s(config), kHandOff_s, kTolerance_s);
  config.failures.stated = {fails("nic0-out", start + kHandOff_s / 2, 0.25)};
  EXPECT_NEAR(hand_off_s(config), kHandOff_s + 0.25, kTolerance_s);
  EXPECT_EQ(run(config).records.front().restarts, 0);
}

TEST(LinkFailure, OfANicIsThatOfItsLinksAndANicThatIsNotUsedDoesNotMatter) {
  SimulationConfig config = small_system();
  const double middle = prefill_s(config, 1000) + kHandOff_s / 2;
  const auto nic_of = [&](const char* name) {
    config.failures.stated = {{{ElementKind::nic, name}, {middle}, Seconds{middle + 0.25}, {}}};
  };
  nic_of("prefill.0.0");
  EXPECT_NEAR(hand_off_s(config), kHandOff_s + 0.25, kTolerance_s);
  nic_of("decode");
  EXPECT_NEAR(hand_off_s(config), kHandOff_s + 0.25, kTolerance_s);
  config.prefill.instances = 2;
  nic_of("prefill.1");
  EXPECT_NEAR(hand_off_s(config), kHandOff_s, kTolerance_s);
}

// A quarter of the bytes at full speed, a quarter at half of it, the rest at full speed:
//   (1/4 + 1/2 + 1/2) hand-offs
TEST(LinkFailure, ADegradedLinkSlowsWhatPassesMeanwhile) {
  SimulationConfig config = small_system();
  const double start = prefill_s(config, 1000);
  for (const Remains& half : {Remains{0.5, {}}, Remains{{}, BytesPerSecond{5e9}}}) {
    config.failures.stated = {fails("nic0-out", start + kHandOff_s / 4, kHandOff_s / 2, half)};
    EXPECT_NEAR(hand_off_s(config), 1.25 * kHandOff_s, kTolerance_s);
  }
}

// Half the capacity from the start on, and down from 1/2 to 3/2 hand-offs. The capacity changes while
// it is down: back at 3/2 with a quarter sent, it takes 3/4 at full speed.
//   3/2 + 3/4 hand-offs
TEST(LinkFailure, ACapacityAndAnOutageOfOneLinkCompose) {
  SimulationConfig config = small_system();
  const double start = prefill_s(config, 1000);
  config.failures.stated = {fails("nic0-out", 0, start + kHandOff_s, {0.5, {}}),
                            fails("nic0-out", start + kHandOff_s / 2, kHandOff_s)};
  EXPECT_NEAR(hand_off_s(config), 2.25 * kHandOff_s, kTolerance_s);
}

// Two degradations leave a quarter together:   1/4 * 1 hand-off, then 3/4 at full speed
TEST(LinkFailure, SharesMultiply) {
  SimulationConfig config = small_system();
  const double start = prefill_s(config, 1000);
  config.failures.stated = {
      fails("nic0-out", start, kHandOff_s, {0.5, {}}),
      {{ElementKind::nic, "prefill.0"}, {start}, Seconds{start + kHandOff_s}, {0.5, {}}}};
  EXPECT_NEAR(hand_off_s(config), 1.75 * kHandOff_s, kTolerance_s);
}

// A lap of one hand-off from 0 on: its first half at full speed, its second at a fifth. It is sent
// from the start of a lap on: 1/2 in the first half of lap one, 1/10 in the second, 2/5 in the first
// half of the next.   1 + 2/5 hand-offs
TEST(LinkFailure, BackgroundTrafficLeavesAShareAndComesAgain) {
  SimulationConfig config = small_system();
  const double start = prefill_s(config, 1000);
  const double laps = std::ceil(start / kHandOff_s);
  const double offset = laps * kHandOff_s - start;  // until a lap begins
  const double half = kHandOff_s / 2;
  config.failures.background = {{"nic0-out", {{{0}, 1}, {{half}, 0.2}}, Seconds{kHandOff_s}}};
  const auto record = simulate_isolated(config, std::vector{request(0, offset, 1000, 2)},
                                        *codec::make_raw_transfer())
                          .records.front();
  EXPECT_NEAR((record.kv_ready - record.prefill_end).value, 1.4 * kHandOff_s, kTolerance_s);
}

// Nothing else would end a run with them.
TEST(LinkFailure, WhatComesAgainEndsWithTheLastRequest) {
  SimulationConfig config = small_system();
  config.failures.background = {{"nic0-out", {{{0}, 1}, {{0.1}, 0.2}}, Seconds{0.2}}};
  config.failures.random = {{{ElementKind::nic, "decode"}, {1000}, {1}, {}}};
  config.failures.stated = {fails("nic1-out", 900, 1)};
  const SimulationResult result = run(config);
  EXPECT_EQ(result.totals.end, result.records.front().finish);
  EXPECT_EQ(simulate_isolated(config, {}, *codec::make_raw_transfer()).records.size(), 0U);
}

struct Change {
  double when;
  std::int32_t engine;
  InstanceState state;
  bool operator==(const Change&) const = default;
};

// What happens to instances within the first `end` seconds.
std::vector<Change> changes_until(double end_s, const SimulationConfig& config) {
  FakeLoop loop;
  FakeNetwork network(loop, {1e9});
  const Placement placement = place(config);
  Transport transport(loop, network, placement.topology, PathPolicy::ecmp);
  std::vector<Change> changes;
  Failures failures(loop, transport, plan_failures(config, placement), config.seed,
                    [&](std::int32_t engine, InstanceState state) {
                      changes.push_back({loop.now().value, engine, state});
                    });
  loop.at({end_s}, EventPriority::horizon, [&] { failures.stop(); });
  loop.run();
  return changes;
}

std::vector<Change> of_engine(std::int32_t engine, std::vector<Change> changes) {
  std::erase_if(changes, [=](const Change& change) { return change.engine != engine; });
  return changes;
}

TEST(RandomFailures, HaveTheirMeansAndAStreamForEachElement) {
  SimulationConfig config = small_system();
  config.decode.instances = 2;
  config.failures.random = {{{ElementKind::instance, "decode.0"}, {9}, {1}, {}}};
  const std::vector<Change> alone = changes_until(100'000, config);
  config.failures.random = {{{ElementKind::instance, "prefill"}, {5}, {2}, {}},
                            {{ElementKind::instance, "decode"}, {9}, {1}, {}}};
  const std::vector<Change> among_others = changes_until(100'000, config);
  EXPECT_EQ(of_engine(1, among_others), alone) << "others do not disturb it";
  EXPECT_NE(of_engine(2, among_others), alone);
  // 10,000 cycles of 9 + 1 s: means within 4 standard errors, 4 %.
  double down = 0;
  for (std::size_t i = 0; i + 1 < alone.size(); ++i) {
    if (alone[i].state == InstanceState::down) down += alone[i + 1].when - alone[i].when;
  }
  const double deaths = static_cast<double>(alone.size()) / 2;
  EXPECT_NEAR(down / deaths, 1, 0.04);
  EXPECT_NEAR((100'000 - down) / deaths, 9, 0.36);
  config.seed = 2;
  EXPECT_NE(of_engine(1, changes_until(100'000, config)), alone);
}

TEST(StatedFailures, OfOneInstanceAddUp) {
  SimulationConfig config = small_system();
  config.failures.stated = {dies("decode.0", 1, 3), dies("decode.0", 2, 3), dies("decode.0", 7, 2),
                            dies("decode.0", 8)};
  const std::vector<Change> expected{{1, 1, InstanceState::down},
                                     {5, 1, InstanceState::up},
                                     {7, 1, InstanceState::down},
                                     {8, 1, InstanceState::gone}};
  EXPECT_EQ(changes_until(100, config), expected);
}

// The first instance has lost its NIC for good: its hand-off is given up after 0.1 s, and the prompt is
// computed again on the other instance.
//   kv ready = prefill + 0.1 + prefill + hand-off
TEST(LinkFailure, AHandOffThatWasGivenUpIsTriedBetweenOtherInstances) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  config.decode.instances = 2;
  config.transfer.retry.patience = {0.1};
  config.failures.stated = {{{ElementKind::nic, "prefill.0"}, {0}, {}, {}}};
  const RequestRecord record = run(config).records.front();
  const double prefill = prefill_s(config, 1000);
  EXPECT_NEAR(record.kv_ready.value, prefill + 0.1 + prefill + kHandOff_s, kTolerance_s);
  EXPECT_EQ(record.prefill_instance, 1);
  EXPECT_EQ(record.decode_instance, 1);
  EXPECT_EQ(record.restarts, 1);
}

}  // namespace
}  // namespace kvferry::sim
