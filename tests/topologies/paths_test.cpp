// What holds of the paths of every topology, whatever its size.
#include "tests/topologies/random_specs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace kvferry::topologies {
namespace {

using Path = std::vector<LinkId>;

const Link& link_of(const Topology& topology, LinkId id) {
  return topology.links.at(static_cast<std::size_t>(id));
}

// Link after link from the source to the target, none twice.
void expect_chain(const Topology& topology, GpuId from, GpuId to, const Path& path) {
  ASSERT_FALSE(path.empty());
  VertexId at = from;
  for (const LinkId id : path) {
    ASSERT_EQ(link_of(topology, id).from, at) << link_of(topology, id).name;
    at = link_of(topology, id).to;
  }
  EXPECT_EQ(at, to);
  EXPECT_EQ(std::set(path.begin(), path.end()).size(), path.size());
}

void expect_sound_paths(const Topology& topology, GpuId from, GpuId to) {
  const std::int32_t count = topology.path_count(from, to);
  ASSERT_GT(count, 0);
  EXPECT_EQ(topology.path_count(to, from), count);
  std::set<Path> distinct;
  for (std::int32_t choice = 0; choice < count; ++choice) {
    const Path path = topology.path(from, to, choice);
    expect_chain(topology, from, to, path);
    EXPECT_EQ(path.size(), topology.path(from, to).size()) << "paths of one length";
    EXPECT_DOUBLE_EQ(path_latency(topology, path).value,
                     path_latency(topology, topology.path(from, to)).value);
    distinct.insert(path);
  }
  EXPECT_EQ(distinct.size(), static_cast<std::size_t>(count)) << "choices differ";
  const bool has_pxn = topology.description.find("PXN") != std::string::npos;
  if (!has_pxn) {
    EXPECT_EQ(topology.path(to, from).size(), topology.path(from, to).size()) << "symmetric";
  }
}

void expect_sound(const Topology& topology) {
  ASSERT_EQ(topology.nic_of_gpu.size(), static_cast<std::size_t>(topology.gpu_count));
  EXPECT_LT(std::ranges::max(topology.nic_of_gpu), topology.nic_count);
  std::set<std::string> names;
  for (const Link& link : topology.links) {
    EXPECT_TRUE(names.insert(link.name).second) << link.name << " twice";
    EXPECT_GT(link.capacity.value, 0) << link.name;
  }
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu)
    EXPECT_EQ(topology.vertices.at(static_cast<std::size_t>(gpu)).kind, VertexKind::gpu);
}

TEST(Paths, LeadFromGpuToGpuInEveryTopology) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    RandomStream random(seed, "paths");
    for (std::int32_t kind = 0; kind < kKinds; ++kind) {
      const RandomSpec drawn = random_spec(random, kind);
      const Topology topology = build(drawn.spec, drawn.nodes);
      SCOPED_TRACE("seed " + std::to_string(seed) + ": " + topology.preset + ", " +
                   topology.description);
      expect_sound(topology);
      for (int i = 0; i < 40; ++i) {
        const GpuId from = between(random, 0, topology.gpu_count - 1);
        const GpuId to = between(random, 0, topology.gpu_count - 1);
        if (from != to) expect_sound_paths(topology, from, to);
        ASSERT_FALSE(::testing::Test::HasFatalFailure());
      }
    }
  }
}

TEST(Paths, LeadFromGpuToGpuInTwoTiers) {
  for (const double oversubscription : {1.0, 4.0}) {
    const Topology topology = two_tier({.nodes = 3,
                                        .gpus_per_node = 4,
                                        .link_bandwidth = {1e9},
                                        .oversubscription = oversubscription,
                                        .nvlink_bandwidth = {9e9}});
    expect_sound(topology);
    for (GpuId from = 0; from < 12; ++from) {
      for (GpuId to = 0; to < 12; ++to) {
        if (from != to) expect_sound_paths(topology, from, to);
      }
    }
  }
}

// Which is the one path that begins between the two sides.
TEST(Paths, OfASingleLinkAreThatLink) {
  const Topology topology = point_to_point({2, 3, {1e9}, {0}});
  expect_sound(topology);
  EXPECT_EQ(topology.links[0].from, topology.links[1].to);
  for (GpuId left : {0, 1}) {
    for (GpuId right : {2, 3, 4}) {
      EXPECT_THAT(topology.path(left, right), ::testing::ElementsAre(0));
      EXPECT_THAT(topology.path(right, left), ::testing::ElementsAre(1));
    }
  }
}

NodeSpec small_node() {
  NodeSpec node;
  node.gpus = 2;
  node.nics = 2;
  node.nvlink = {{450e9}, {0}};
  node.nic = {{50e9}, {2e-6}};
  return node;
}

TEST(Paths, OfALeafSpineAreAsManyAsItsSpines) {
  const Topology topology = leaf_spine({small_node(), 2, 3}, 5);
  EXPECT_EQ(topology.path_count(0, 1), 1) << "one node";
  EXPECT_EQ(topology.path_count(0, 2), 1) << "one leaf: nodes 0 and 1";
  EXPECT_EQ(topology.path_count(0, 4), 3) << "leaves 0 and 1";
  // NIC out, up to the spine, down, NIC in.
  EXPECT_EQ(topology.path(0, 4).size(), 4U);
  EXPECT_EQ(topology.path(0, 2).size(), 2U);
  EXPECT_DOUBLE_EQ(path_latency(topology, topology.path(0, 2)).value, 4e-6);
}

TEST(Paths, OfAFatTreeAreAsManyAsItsSwitchesAbove) {
  for (const std::int32_t k : {2, 4, 6, 8}) {
    NodeSpec node = small_node();
    node.gpus = node.nics = 1;
    const FatTreeSpec spec{node, fat_tree_of(k)};
    ASSERT_EQ(nic_places(spec), k * k * k / 4);
    const Topology topology = fat_tree(spec, k * k * k / 4);
    const GpuId pod = k * k / 4;
    if (k > 2) {
      EXPECT_EQ(topology.path_count(0, 1), 1) << "one edge switch";
      EXPECT_EQ(topology.path_count(0, k / 2), k / 2) << "one pod";
    }
    EXPECT_EQ(topology.path_count(0, pod), (k / 2) * (k / 2)) << "two pods";
    EXPECT_EQ(topology.path(0, pod).size(), 6U);
  }
}

TEST(Paths, TheSmallestFatTreeHasAPlaceForEachNic) {
  EXPECT_EQ(smallest_fat_tree(1), 2);
  EXPECT_EQ(smallest_fat_tree(2), 2);
  EXPECT_EQ(smallest_fat_tree(3), 4);
  EXPECT_EQ(smallest_fat_tree(16), 4);
  EXPECT_EQ(smallest_fat_tree(17), 6);
  EXPECT_EQ(smallest_fat_tree(10'000), 36) << "36^3 / 4 = 11,664; 34^3 / 4 = 9,826";
}

bool crosses_spine(const Topology& topology, const Path& path) {
  return std::ranges::any_of(path, [&](LinkId id) {
    return link_of(topology, id).name.find("spine") != std::string::npos;
  });
}

TEST(Paths, OfARailFabricStayOnTheirRail) {
  NodeSpec node = small_node();
  node.gpus = node.nics = 4;
  const Topology topology = rail_optimised({node, 2}, 3);
  for (GpuId from = 0; from < 4; ++from) {
    for (GpuId to = 4; to < 12; ++to) {
      const bool same_rail = from % 4 == to % 4;
      EXPECT_EQ(topology.path_count(from, to), same_rail ? 1 : 2);
      EXPECT_EQ(crosses_spine(topology, topology.path(from, to)), !same_rail);
    }
  }
}

TEST(Paths, WithPxnChangeRailsInsideTheSendersNode) {
  NodeSpec node = small_node();
  node.gpus = node.nics = 4;
  const Topology topology = rail_optimised({node, 0, {}, CrossRail::pxn}, 2);
  // GPU 1 to GPU 6, which is on rail 2: over NVLink to GPU 2, out of its NIC, in by NIC 6.
  std::vector<std::string> names;
  for (const LinkId id : topology.path(1, 6)) names.push_back(link_of(topology, id).name);
  EXPECT_THAT(names, ::testing::ElementsAre("nvlink1-out", "nvlink2-in", "nic2-out", "nic6-in"));
  EXPECT_EQ(topology.path(1, 5).size(), 2U) << "its own rail";
}

// The distance of two routers along an axis of 5 is 2 at most; along one of 4, there are two ways
// to the router opposite.
TEST(Paths, OfATorusTakeTheShorterWayRound) {
  NodeSpec node = small_node();
  node.gpus = node.nics = 1;
  const Topology topology = torus({node, {5, 4}, 1, {{100e9}, {1e-6}}}, 20);
  // Router 0 is (0, 0), router r is (r / 4, r % 4). Two NIC links on top.
  const auto hops = [&](GpuId to) { return topology.path(0, to).size() - 2; };
  EXPECT_EQ(hops(1), 1U);
  EXPECT_EQ(hops(3), 1U) << "(0, 3) is next to (0, 0)";
  EXPECT_EQ(hops(2), 2U);
  EXPECT_EQ(hops(4 * 4), 1U) << "(4, 0)";
  EXPECT_EQ(hops(4 * 3 + 2), 4U) << "(3, 2)";
  EXPECT_EQ(topology.path_count(0, 2), 2);
  EXPECT_EQ(topology.path_count(0, 4 * 3), 1);
}

// The first dimension comes first, in both directions.
TEST(Paths, OfATorusGoOneDimensionAfterTheOther) {
  NodeSpec node = small_node();
  node.gpus = node.nics = 1;
  const Topology topology = torus({node, {3, 3}, 1, {{100e9}, {0}}}, 9);
  std::vector<std::string> names;
  for (const LinkId id : topology.path(0, 4)) names.push_back(link_of(topology, id).name);
  EXPECT_THAT(names, ::testing::ElementsAre("nic0-out", "router0-axis0-forward",
                                            "router3-axis1-forward", "nic4-in"));
}

// A local hop at each end at most, and one global link.
TEST(Paths, OfADragonflyAreMinimal) {
  NodeSpec node = small_node();
  node.gpus = node.nics = 1;
  const DragonflySpec spec{node, 9, 4, 2, 2, {{100e9}, {0}}, {{25e9}, {0}}};
  ASSERT_EQ(cables_per_pair(spec), 1) << "9 = 4 * 2 + 1 groups: balanced";
  const Topology topology = dragonfly(spec, 72);
  for (GpuId to = 1; to < 72; ++to) {
    const Path path = topology.path(0, to);
    const auto global = std::ranges::count_if(
        path, [&](LinkId id) { return link_of(topology, id).name.starts_with("global"); });
    EXPECT_EQ(global, to / 8 == 0 ? 0 : 1);
    EXPECT_LE(path.size(), to / 8 == 0 ? 3U : 5U);
  }
}

// 2 routers with 3 global ports each and 3 groups: 3 cables between two groups, of which flows take
// those whose ends are nearest.
TEST(Paths, OfADragonflyUseTheNearestOfSeveralGlobalCables) {
  NodeSpec node = small_node();
  node.gpus = node.nics = 1;
  const DragonflySpec spec{node, 3, 2, 1, 3, {{100e9}, {0}}, {{25e9}, {0}}};
  ASSERT_EQ(cables_per_pair(spec), 3);
  const Topology topology = dragonfly(spec, 6);
  // Ports of group 0: 0-2 lead to group 1 (router 0), 3-5 to group 2 (router 1). Ports of group 1:
  // 0-2 lead to group 2 (router 2), 3-5 to group 0 (router 3). So router 0 to router 3 has three
  // direct cables, router 0 to router 2 three with a local hop behind.
  EXPECT_EQ(topology.path_count(0, 3), 3);
  EXPECT_EQ(topology.path(0, 3).size(), 3U);
  EXPECT_EQ(topology.path_count(0, 2), 3);
  EXPECT_EQ(topology.path(0, 2).size(), 4U);
}

}  // namespace
}  // namespace kvferry::topologies
