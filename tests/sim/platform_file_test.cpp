// SimGrid platforms as topologies: the routes are SimGrid's, the latencies ours.
#include "sim/platform_file.hpp"

#include "tests/platform_text.hpp"
#include "tests/sim/flow_run.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

using ::testing::ElementsAre;
using topologies::GpuId;
using topologies::LinkId;
using topologies::RoutedPairs;
using topologies::Topology;
using topologies::VertexKind;

Topology topology_of(const std::string& platform, const RoutedPairs& pairs, std::int32_t hosts) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "platform.xml").string();
  write_text(path, platform);
  const auto table =
      std::make_shared<const topologies::RouteTable>(read_platform_file(path, pairs));
  return topologies::routed({"simgrid-xml", "platform.xml", 1, table}, hosts);
}

Topology dumbbell() {
  return topology_of(kDumbbell, {{0, 1}, {2, 3}}, 4);
}

std::vector<std::string> names_on(const Topology& topology, GpuId from, GpuId to) {
  std::vector<std::string> names;
  for (const LinkId link : topology.path(from, to))
    names.push_back(topology.links[static_cast<std::size_t>(link)].name);
  return names;
}

TEST(PlatformFile, HostsAreGpusInTheOrderOfTheFile) {
  const Topology topology = dumbbell();
  std::vector<std::string> names;
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu)
    names.push_back(topology.vertices[static_cast<std::size_t>(gpu)].name);
  EXPECT_THAT(names, ElementsAre("west", "south", "north", "east"));
}

TEST(PlatformFile, RoutesAreThoseOfTheFileThereAndBack) {
  const Topology topology = dumbbell();
  EXPECT_THAT(names_on(topology, 0, 2), ElementsAre("w_UP", "core", "n_DOWN"));
  EXPECT_THAT(names_on(topology, 0, 3), ElementsAre("w_UP", "core", "e_DOWN"));
  EXPECT_THAT(names_on(topology, 1, 2), ElementsAre("s_UP", "core", "n_DOWN"));
  EXPECT_THAT(names_on(topology, 1, 3), ElementsAre("s_UP", "core", "e_DOWN"));
  EXPECT_THAT(names_on(topology, 3, 1), ElementsAre("e_UP", "core", "s_DOWN"));
  EXPECT_THAT(names_on(topology, 2, 0), ElementsAre("n_UP", "core", "w_DOWN"));
  EXPECT_EQ(topology.path_count(0, 3), 1);
  EXPECT_EQ(topology.path_count(3, 0), 1);
  EXPECT_EQ(topology.path_count(0, 1), 0);  // both hand off
}

TEST(PlatformFile, LatenciesAndCapacitiesAreThoseOfTheFile) {
  const Topology topology = dumbbell();
  // west - east: 9 us + 5 us + 2 us
  EXPECT_NEAR(path_latency(topology, topology.path(0, 3)).value, 16e-6, 1e-15);
  // south - north: 1 us + 5 us + 0 us
  EXPECT_NEAR(path_latency(topology, topology.path(1, 2)).value, 6e-6, 1e-15);
  EXPECT_EQ(topology.links[static_cast<std::size_t>(topology.path(0, 3)[1])].capacity.value, 1e9);
  EXPECT_EQ(topology.links[static_cast<std::size_t>(topology.path(0, 3)[2])].capacity.value, 10e9);
}

TEST(PlatformFile, JointsStandBetweenTheLinksOfRoutes) {
  const Topology topology = dumbbell();
  ASSERT_EQ(topology.vertices.size(), 6U);  // four hosts, and the core's two ends
  const auto link = [&](GpuId from, GpuId to, std::size_t place) {
    return topology.links[static_cast<std::size_t>(topology.path(from, to)[place])];
  };
  EXPECT_EQ(link(0, 2, 0).from, 0);
  EXPECT_EQ(link(0, 2, 0).to, link(0, 2, 1).from);
  EXPECT_EQ(link(1, 2, 0).to, link(0, 2, 1).from);
  EXPECT_EQ(link(0, 2, 1).to, link(0, 3, 2).from);
  EXPECT_NE(link(0, 2, 1).from, link(0, 2, 1).to);
  EXPECT_EQ(link(0, 3, 2).to, 3);
  EXPECT_TRUE(enters_node(topology, link(0, 3, 2)));
  EXPECT_FALSE(enters_node(topology, link(0, 3, 1)));
}

// A lone flow: L + S / B, and L is the caller's to pay: 1 GB / 1 GB/s = 1 s.
TEST(PlatformFile, ALoneFlowTakesItsSizeOverTheNarrowestLink) {
  FlowRun run(dumbbell(), NetworkBackend::automatic);
  const auto& flow = run.flow(0, 0, 3, kGB);
  run.run();
  EXPECT_NEAR(flow.end_s, 1, kTolerance_s);
}

// Two flows share the core evenly, though one comes from further away: 2 * 1 GB / 1 GB/s = 2 s. With
// the latencies left in SimGrid the nearer one would take most of it.
TEST(PlatformFile, FlowsShareALinkWhateverTheirLatency) {
  FlowRun run(dumbbell(), NetworkBackend::automatic);
  const auto& far = run.flow(0, 0, 2, kGB);
  const auto& near = run.flow(0, 1, 3, kGB);
  run.run();
  EXPECT_NEAR(far.end_s, 2, kTolerance_s);
  EXPECT_NEAR(near.end_s, 2, kTolerance_s);
}

// The core is SHARED: there and back share it, too: 2 s. Of the hosts' own links each direction has
// its own: there they would not meet.
TEST(PlatformFile, ASharedLinkCarriesBothDirectionsTogether) {
  FlowRun run(dumbbell(), NetworkBackend::automatic);
  const auto& there = run.flow(0, 0, 2, kGB);
  const auto& back = run.flow(0, 2, 0, kGB);
  run.run();
  EXPECT_NEAR(there.end_s, 2, kTolerance_s);
  EXPECT_NEAR(back.end_s, 2, kTolerance_s);
}

// Of a cluster whose backbone is 4 GB/s, four flows between eight hosts of 2 GB/s get 1 GB/s each.
TEST(PlatformFile, ReadsAClusterWithItsBackbone) {
  const std::string cluster = platform_of(
      R"(<cluster id="c" prefix="host-" suffix="" radical="0-7" speed="1Gf" bw="2GBps" lat="1us" bb_bw="4GBps" bb_lat="3us"/>)");
  const Topology topology = topology_of(cluster, {{0, 1, 2, 3}, {4, 5, 6, 7}}, 8);
  EXPECT_EQ(topology.vertices[7].name, "host-7");
  EXPECT_NEAR(path_latency(topology, topology.path(3, 4)).value, 5e-6, 1e-15);  // 1 + 3 + 1
  FlowRun run(topology, NetworkBackend::automatic);
  std::vector<const FlowRun::Flow*> flows;
  for (GpuId gpu = 0; gpu < 4; ++gpu) flows.push_back(&run.flow(0, gpu, 7 - gpu, kGB));
  run.run();
  for (const FlowRun::Flow* flow : flows) EXPECT_NEAR(flow->end_s, 1, kTolerance_s);
}

TEST(PlatformFile, GivesTheHostsAloneWhereTheyAreTooFew) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "platform.xml").string();
  write_text(path, kDumbbell);
  const topologies::RouteTable table = read_platform_file(path, {{0, 1}, {2, 3, 4}});
  EXPECT_EQ(table.gpus.size(), 4U);
  EXPECT_TRUE(table.links.empty());
  EXPECT_EQ(table.pairs.count(), 0U);
}

}  // namespace
}  // namespace kvferry::sim
