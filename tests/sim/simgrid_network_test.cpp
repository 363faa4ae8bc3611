// SimGrid as we set it up: flows take exactly size / bandwidth and share links max-min fairly. Each
// test runs in its own process.
#include "sim/simgrid/engine.hpp"
#include "topologies/topology.hpp"
#include "topologies/two_tier.hpp"

#include <gtest/gtest.h>

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

void run(const Topology& topology, std::vector<Flow>& flows) {
  SimGridEngine engine(topology);
  for (Flow& flow : flows) {
    engine.loop().at({flow.start_s}, EventPriority::transfer, [&engine, &flow] {
      engine.network().start(flow.from, flow.to, {flow.bytes},
                             [&engine, &flow] { flow.end_s = engine.loop().now().value; });
    });
  }
  engine.run();
}

constexpr std::int64_t kGB = 1'000'000'000;

// Three lone flows side by side: no two share a link.
TEST(SimGridNetwork, ALoneFlowTakesSizeOverBandwidth) {
  const Topology topology = star(6);
  std::vector<Flow> flows{{0, 0, 1, 1}, {0, 2, 3, 4096}, {0, 4, 5, 100 * kGB}};
  run(topology, flows);
  for (const Flow& flow : flows) {
    EXPECT_NEAR(flow.end_s, static_cast<double>(flow.bytes) / 1e9, kTolerance_s);
  }
}

TEST(SimGridNetwork, TwoFlowsFromOneNicShareItEqually) {
  const Topology topology = star(3);
  std::vector<Flow> flows{{0, 0, 1, kGB}, {0, 0, 2, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 2, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 2, kTolerance_s);
}

// 0 ... 0.5 s alone (half done), then shared: the first ends at 1.5, the second has 0.5 GB left and
// ends at 2.
TEST(SimGridNetwork, AFlowSlowsDownWhenAnotherJoins) {
  const Topology topology = star(3);
  std::vector<Flow> flows{{0, 0, 1, kGB}, {0.5, 0, 2, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 1.5, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 2, kTolerance_s);
}

TEST(SimGridNetwork, BothDirectionsOfALinkAreIndependent) {
  const Topology topology = star(2);
  std::vector<Flow> flows{{0, 0, 1, kGB}, {0, 1, 0, kGB}};
  run(topology, flows);
  EXPECT_NEAR(flows[0].end_s, 1, kTolerance_s);
  EXPECT_NEAR(flows[1].end_s, 1, kTolerance_s);
}

// The classic max-min case: link A carries flows 1 and 2, link B flows 2 and 3, capacities 1 and 2
// GB/s. A is the tighter one: flows 1 and 2 get 0.5 each; flow 3 gets the rest of B, 1.5 GB/s.
TEST(SimGridNetwork, ThreeFlowsOnTwoLinksShareMaxMin) {
  Topology topology;
  topology.gpu_count = 4;
  topology.links = {{"a", {1e9}, {0}}, {"b", {2e9}, {0}}};
  topology.append_route = [](GpuId from, GpuId to, std::vector<LinkId>& path) {
    if (from == 0) path.push_back(0);
    if (to == 3) path.push_back(1);
  };
  std::vector<Flow> flows{{0, 0, 1, kGB / 2}, {0, 0, 3, kGB / 2}, {0, 2, 3, 3 * kGB / 2}};
  run(topology, flows);
  for (const Flow& flow : flows) EXPECT_NEAR(flow.end_s, 1, kTolerance_s);
}

// A node's uplink with oversubscription 4 carries a quarter of its two NICs: 0.5 GB/s for both
// flows.
TEST(SimGridNetwork, AnOversubscribedUplinkLimitsTheNode) {
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

TEST(SimGridNetwork, FlowsOfVeryDifferentSizeAllEnd) {
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

TEST(EventQueue, OrdersByDateThenPriorityThenSequence) {
  const Topology topology = star(2);
  SimGridEngine engine(topology);
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

// Whatever the network finishes at a date is known to those who form a batch at that date.
TEST(EventQueue, FlowsEndBeforeTheDispatchesOfTheSameDate) {
  const Topology topology = star(2);
  SimGridEngine engine(topology);
  std::vector<std::string> order;
  engine.loop().at({0}, EventPriority::transfer,
                   [&] { engine.network().start(0, 1, {kGB}, [&] { order.push_back("flow"); }); });
  for (const EventPriority priority : {EventPriority::dispatch, EventPriority::horizon}) {
    engine.loop().at({1}, priority, [&order, priority] {
      order.push_back(priority == EventPriority::dispatch ? "dispatch" : "horizon");
    });
  }
  engine.run();
  EXPECT_EQ(order, (std::vector<std::string>{"flow", "dispatch", "horizon"}));
}

TEST(EventQueue, AfterStopNothingRuns) {
  const Topology topology = star(2);
  SimGridEngine engine(topology);
  bool flow_ended = false;
  bool event_ran = false;
  engine.loop().at({0}, EventPriority::transfer,
                   [&] { engine.network().start(0, 1, {kGB}, [&] { flow_ended = true; }); });
  engine.loop().at({0.5}, EventPriority::transfer, [&] { engine.loop().stop(); });
  engine.loop().at({0.7}, EventPriority::transfer, [&] { event_ran = true; });
  engine.run();
  EXPECT_FALSE(flow_ended);
  EXPECT_FALSE(event_ran);
}

}  // namespace
}  // namespace kvferry::sim
