// Topologies take memory in proportion to their links, and building one takes time in proportion.
#include "tests/topologies/random_specs.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvferry::topologies {
namespace {

TEST(TopologySize, IsKnownBeforeItIsBuilt) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    RandomStream random(seed, "size");
    for (std::int32_t kind = 0; kind < kKinds; ++kind) {
      const RandomSpec drawn = random_spec(random, kind);
      const Topology topology = build(drawn.spec, drawn.nodes);
      EXPECT_EQ(link_count(drawn.spec, drawn.nodes),
                static_cast<std::int64_t>(topology.links.size()))
          << "seed " << seed << ": " << topology.preset << ", " << topology.description;
    }
  }
  for (const double oversubscription : {1.0, 2.0}) {
    const TopologySpec spec = TwoTierSpec{
        .link_bandwidth = {1e9}, .oversubscription = oversubscription, .nvlink_bandwidth = {1e9}};
    EXPECT_EQ(link_count(spec, 3), static_cast<std::int64_t>(build(spec, 3).links.size()));
  }
}

NodeSpec lone_gpu() {
  NodeSpec node;
  node.gpus = node.nics = 1;
  node.nic = {{50e9}, {2e-6}};
  return node;
}

NodeSpec eight_gpus() {
  NodeSpec node;
  node.nvlink = {{450e9}, {0}};
  node.nic = {{50e9}, {2e-6}};
  return node;
}

// A cable of each NIC, a cable of each GPU to its NVSwitch, and the switches' own.
TEST(TopologySize, IsLinearInHosts) {
  for (const std::int32_t hosts : {1'024, 10'240}) {
    EXPECT_EQ(build(StarSpec{lone_gpu()}, hosts).links.size(), 2U * static_cast<unsigned>(hosts));
    const std::int32_t nodes = hosts / 8;
    const auto gpus = static_cast<std::size_t>(hosts);
    EXPECT_EQ(build(LeafSpineSpec{eight_gpus(), 4, 16}, nodes).links.size(),
              4 * gpus + 2 * gpus / 32 * 16);
    EXPECT_EQ(build(RailOptimisedSpec{eight_gpus(), 4}, nodes).links.size(), 4 * gpus + 2 * 8 * 4);
  }
  // k = 36: 11,664 NICs, as many edge uplinks and as many core uplinks.
  const Topology tree = build(FatTreeSpec{lone_gpu(), fat_tree_of(36)}, 10'000);
  EXPECT_EQ(tree.links.size(), 2U * 10'000 + 4 * 11'664);
  EXPECT_EQ(tree.path_count(0, 9'999), 18 * 18);
}

// The sizes of the study: 33 groups of 16 routers with 2 global ports, 20 NICs each.
TEST(TopologySize, TenThousandHostsOnADragonflyAndATorus) {
  DragonflySpec spec{lone_gpu(), 33, 16, 20, 2, {{100e9}, {0}}, {{100e9}, {0}}};
  const Topology dragonfly = build(spec, 10'000);
  EXPECT_EQ(dragonfly.links.size(), 2U * (10'000 + 33 * 16 * 15 / 2 + 33 * 32 / 2));
  const Topology torus = build(TorusSpec{lone_gpu(), {10, 10, 10}, 10, {{100e9}, {0}}}, 10'000);
  EXPECT_EQ(torus.links.size(), 2U * (10'000 + 3 * 1'000));
  EXPECT_EQ(torus.path(0, 9'999).size(), 5U) << "(9, 9, 9) is one step from (0, 0, 0) on each axis";
}

TEST(TopologySize, PlacesForNodesAreThoseForTheirNics) {
  EXPECT_EQ(node_places(FatTreeSpec{eight_gpus(), fat_tree_of(8)}), 128 / 8);
  EXPECT_EQ(node_places(TorusSpec{eight_gpus(), {3, 5}, 4, {}}), 60 / 8);
  EXPECT_EQ(node_places(DragonflySpec{eight_gpus(), 3, 2, 4, 1, {}, {}}), 24 / 8);
  EXPECT_EQ(node_places(StarSpec{eight_gpus()}), std::nullopt);
}

}  // namespace
}  // namespace kvferry::topologies
