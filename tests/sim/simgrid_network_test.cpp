// SimGrid as we set it up, with every back-end: flows take exactly size / bandwidth and share links
// max-min fairly. Each test runs in its own process.
#include "sim/base/random.hpp"
#include "sim/simgrid/engine.hpp"
#include "tests/sim/every_back_end.hpp"
#include "topologies/topology.hpp"
#include "topologies/two_tier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;
using topologies::Topology;

constexpr double kTolerance_s = 1e-9;

// GPUs with one NIC of 1 GB/s each, in nodes of one GPU: the route from a to b is a's link out, b's
// link in.
Topology star(GpuId gpus) {
  return topologies::two_tier({.nodes = gpus,
                               .gpus_per_node = 1,
                               .link_bandwidth = {1e9},
                               .link_latency = {0},
                               .nvlink_bandwidth = {1e12}});
}

struct Flow {
  double start_s;
  GpuId from;
  GpuId to;
  std::int64_t bytes;
  double end_s = -1;
};

void start(SimGridEngine& engine, const Topology& topology, const Flow& flow,
           std::function<void()> on_end) {
  const std::vector<LinkId> path = topology.path(flow.from, flow.to);
  engine.network().start({flow.from, flow.to, {flow.bytes}, path, {}},
                         [on_end = std::move(on_end)](const FlowReport&) { on_end(); });
}

class SimGridNetwork : public EveryBackEnd {
 protected:
  static void run(const Topology& topology, std::vector<Flow>& flows);
};
KVFERRY_ON_EVERY_BACK_END(SimGridNetwork);

class EventQueueOnSimGrid : public EveryBackEnd {};
KVFERRY_ON_EVERY_BACK_END(EventQueueOnSimGrid);

void SimGridNetwork::run(const Topology& topology, std::vector<Flow>& flows) {
  SimGridEngine engine(topology, GetParam());
  for (Flow& flow : flows) {
    engine.loop().at({flow.start_s}, EventPriority::transfer, [&] {
      start(engine, topology, flow, [&] { flow.end_s = engine.loop().now().value; });
    });
  }
  engine.run();
}

constexpr std::int64_t kGB = 1'000'000'000;

// Three lone flows side by side: no two share a link.
TEST_P(SimGridNetwork, ALoneFlowTakesSizeOverBandwidth) {
  const Topology topology = star(6);
  std::vector<Flow> flows{{0, 0, 1, 1}, {0, 2, 3, 4096}, {0, 4, 5, 100 * kGB}};
  run(topology, flows);
  for (const Flow& flow : flows) {
    EXPECT_NEAR(flow.end_s, static_cast<double>(flow.bytes) / 1e9, kTolerance_s);
  }
}

TEST_P(SimGridNetwork, TwoFlowsFromOneNicShareItEqually) {
  const Topology topology = star(3);
  std::vector<Flow> flows{{0, 0, 1, kGB}, {0, 0, 2, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 2, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 2, kTolerance_s);
}

// 0 ... 0.5 s alone (half done), then shared: the first ends at 1.5, the second has 0.5 GB left and
// ends at 2.
TEST_P(SimGridNetwork, AFlowSlowsDownWhenAnotherJoins) {
  const Topology topology = star(3);
  std::vector<Flow> flows{{0, 0, 1, kGB}, {0.5, 0, 2, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 1.5, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 2, kTolerance_s);
}

TEST_P(SimGridNetwork, BothDirectionsOfALinkAreIndependent) {
  const Topology topology = star(2);
  std::vector<Flow> flows{{0, 0, 1, kGB}, {0, 1, 0, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 1, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 1, kTolerance_s);
}

// The classic max-min case: link A carries flows 1 and 2, link B flows 2 and 3, capacities 1 and 2
// GB/s. A is the tighter one: flows 1 and 2 get 0.5 each; flow 3 gets the rest of B, 1.5 GB/s.
TEST_P(SimGridNetwork, ThreeFlowsOnTwoLinksShareMaxMin) {
  Topology topology;
  topology.gpu_count = 4;
  topology.links = {{"a", {1e9}, {0}}, {"b", {2e9}, {0}}};
  set_only_path(topology, [](GpuId from, GpuId to, std::vector<LinkId>& path) {
    if (from == 0) path.push_back(0);
    if (to == 3) path.push_back(1);
  });
  std::vector<Flow> flows{{0, 0, 1, kGB / 2}, {0, 0, 3, kGB / 2}, {0, 2, 3, 3 * kGB / 2}};
  run(topology, flows);
  for (const Flow& flow : flows) EXPECT_NEAR(flow.end_s, 1, kTolerance_s);
}

// A node's uplink with oversubscription 4 carries a quarter of its two NICs: 0.5 GB/s for both
// flows.
TEST_P(SimGridNetwork, AnOversubscribedUplinkLimitsTheNode) {
  const Topology topology = topologies::two_tier({.nodes = 2,
                                                  .gpus_per_node = 2,
                                                  .link_bandwidth = {1e9},
                                                  .link_latency = {0},
                                                  .oversubscription = 4,
                                                  .nvlink_bandwidth = {1e12}});
  std::vector<Flow> flows{{0, 0, 2, kGB}, {0, 1, 3, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 4, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 4, kTolerance_s);
}

TEST_P(SimGridNetwork, FlowsOfVeryDifferentSizeAllEnd) {
  const Topology topology = star(2);
  std::vector<Flow> flows;
  std::int64_t total = 0;
  for (int i = 0; i < 12; ++i) {
    std::int64_t bytes = 1;
    for (int k = 0; k < i; ++k) bytes *= 10;
    flows.push_back({0, 0, 1, bytes});
    total += bytes;
  }
  run(topology, flows);
  for (std::size_t i = 1; i < flows.size(); ++i) EXPECT_GE(flows[i].end_s, flows[i - 1].end_s);
  EXPECT_NEAR(flows.back().end_s, static_cast<double>(total) / 1e9, 1e-6)
      << "the link is never idle";
}

TEST(SimGridEngine, RefusesASecondEngineInOneProcess) {
  const Topology topology = star(2);
  SimGridEngine first(topology);
  EXPECT_THROW(SimGridEngine second(topology), std::exception);
}

TEST_P(EventQueueOnSimGrid, OrdersByDateThenPriorityThenSequence) {
  const Topology topology = star(2);
  SimGridEngine engine(topology, GetParam());
  std::vector<int> order;
  const auto note = [&](int i) { return [&order, i] { order.push_back(i); }; };
  engine.loop().at({2}, EventPriority::iteration_end, note(5));
  engine.loop().at({1}, EventPriority::dispatch, note(4));
  engine.loop().at({1}, EventPriority::arrival, note(3));
  engine.loop().at({1}, EventPriority::transfer, note(2));
  engine.loop().at({1}, EventPriority::iteration_end, note(0));
  engine.loop().at({1}, EventPriority::iteration_end, note(1));
  engine.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

// Random dates, priorities and ranks out of a few, so that all kinds of ties occur; a third of the
// events are cancelled, some before and some while the clock runs, and some twice.
TEST_P(EventQueueOnSimGrid, RunsWhatIsNotCancelledInTheOrderOfDatePriorityRankAndSequence) {
  const Topology topology = star(2);
  SimGridEngine engine(topology, GetParam());
  RandomStream random(1, "event queue");
  using Key = std::tuple<double, EventPriority, std::int32_t, int>;
  constexpr std::array kPriorities{EventPriority::iteration_end, EventPriority::transfer,
                                   EventPriority::arrival, EventPriority::dispatch};
  std::vector<Key> expected;
  std::vector<Key> seen;
  std::vector<EventHandle> before;
  std::vector<EventHandle> later;
  for (int i = 0; i < 3000; ++i) {
    const Key key{1 + static_cast<double>(random.below(20)), kPriorities[random.below(4)],
                  static_cast<std::int32_t>(random.below(3)), i};
    const EventHandle handle = engine.loop().at(
        {std::get<0>(key)}, std::get<1>(key), [&seen, key] { seen.push_back(key); },
        std::get<2>(key));
    const std::uint64_t fate = random.below(6);
    if (fate == 0) before.push_back(handle);
    if (fate == 1) later.push_back(handle);
    if (fate > 1) expected.push_back(key);
  }
  for (const EventHandle handle : before) engine.loop().cancel(handle);
  engine.loop().at({0.5}, EventPriority::arrival, [&] {
    for (const EventHandle handle : later) engine.loop().cancel(handle);
    for (const EventHandle handle : before) engine.loop().cancel(handle);
  });
  engine.run();
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(seen, expected);
}

// The slot of a cancelled event is used again; its old handle must not reach the new event.
TEST_P(EventQueueOnSimGrid, AHandleOfThePastCancelsNothing) {
  const Topology topology = star(2);
  SimGridEngine engine(topology, GetParam());
  int runs = 0;
  const EventHandle old = engine.loop().at({5}, EventPriority::arrival, [&] { runs += 100; });
  engine.loop().cancel(old);
  engine.loop().at({1}, EventPriority::arrival, [&] { ++runs; });
  engine.loop().cancel(old);
  engine.loop().cancel({});
  engine.run();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(engine.loop().now().value, 1) << "the clock stops at no cancelled event's date";
}

// Whatever the network finishes at a date is known to those who form a batch at that date.
TEST_P(EventQueueOnSimGrid, FlowsEndBeforeTheDispatchesOfTheSameDate) {
  const Topology topology = star(2);
  SimGridEngine engine(topology, GetParam());
  std::vector<std::string> order;
  engine.loop().at({0}, EventPriority::transfer, [&] {
    start(engine, topology, {0, 0, 1, kGB}, [&] { order.push_back("flow"); });
  });
  for (const EventPriority priority : {EventPriority::dispatch, EventPriority::horizon}) {
    engine.loop().at({1}, priority, [&order, priority] {
      order.push_back(priority == EventPriority::dispatch ? "dispatch" : "horizon");
    });
  }
  engine.run();
  EXPECT_EQ(order, (std::vector<std::string>{"flow", "dispatch", "horizon"}));
}

TEST_P(EventQueueOnSimGrid, AfterStopNothingRuns) {
  const Topology topology = star(2);
  SimGridEngine engine(topology, GetParam());
  bool flow_ended = false;
  bool event_ran = false;
  engine.loop().at({0}, EventPriority::transfer, [&] {
    start(engine, topology, {0, 0, 1, kGB}, [&] { flow_ended = true; });
  });
  engine.loop().at({0.5}, EventPriority::transfer, [&] { engine.loop().stop(); });
  engine.loop().at({0.7}, EventPriority::transfer, [&] { event_ran = true; });
  engine.run();
  EXPECT_FALSE(flow_ended);
  EXPECT_FALSE(event_ran);
}

}  // namespace
}  // namespace kvferry::sim
