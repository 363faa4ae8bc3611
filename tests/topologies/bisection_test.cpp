// What an oversubscribed core carries, in closed form.
#include "topologies/topology_spec.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvferry::topologies {
namespace {

NodeSpec node_of(std::int32_t gpus) {
  NodeSpec node;
  node.gpus = gpus;
  node.nics = gpus;
  node.nvlink = {{450e9}, {0}};
  node.nic = {{50e9}, {0}};
  return node;
}

// The capacities of all links whose names have both words, in one direction.
double sum_of(const Topology& topology, const std::string& word, const std::string& direction) {
  double sum = 0;
  for (const Link& link : topology.links) {
    if (link.name.find(word) != std::string::npos && link.name.ends_with(direction))
      sum += link.capacity.value;
  }
  return sum;
}

// nics * bandwidth / oversubscription leaves the leaves, however many spines share it.
TEST(Bisection, OfALeafSpineIsThatOfItsNicsOverTheOversubscription) {
  for (const double oversubscription : {1.0, 2.0, 3.5}) {
    for (const std::int32_t spines : {1, 3, 8}) {
      const LeafSpineSpec spec{node_of(8), 2, spines, {oversubscription}};
      const Topology topology = leaf_spine(spec, 6);
      EXPECT_NEAR(sum_of(topology, "leaf", "-up"), 6 * 8 * 50e9 / oversubscription, 1);
      EXPECT_NEAR(sum_of(topology, "leaf0-", "-up"), 2 * 8 * 50e9 / oversubscription, 1);
    }
  }
}

TEST(Bisection, OfARailFabricIsThatOfItsNicsOverTheOversubscription) {
  const Topology topology = rail_optimised({node_of(4), 2, {4.0}}, 10);
  // Each of 4 rails: 10 NICs of 50 GB/s, a quarter of that up.
  EXPECT_NEAR(sum_of(topology, "rail", "-up"), 4 * 10 * 50e9 / 4, 1);
}

TEST(Bisection, OfAFatTreeOfKIsThatOfItsNics) {
  const Topology topology = fat_tree({node_of(1), fat_tree_of(6)}, 54);
  EXPECT_NEAR(sum_of(topology, "edge", "-up"), 54 * 50e9, 1);
  EXPECT_NEAR(sum_of(topology, "-core", "-up"), 54 * 50e9, 1);
  for (const Link& link : topology.links) {
    if (link.name.find("nvlink") == std::string::npos) {
      EXPECT_DOUBLE_EQ(link.capacity.value, 50e9) << link.name << ": all ports are alike";
    }
  }
}

// 2 : 1 at the edge and 3 : 1 above: a sixth of what the NICs can send reaches the cores.
TEST(Bisection, OfAFatTreeIsDividedByTheOversubscriptionOfEachTier) {
  FatTreeSpec spec{node_of(2), {3, 4, 2, 5, 8}};
  spec.edge_uplinks.oversubscription = 2;
  spec.core_uplinks.oversubscription = 3;
  const Topology topology = fat_tree(spec, 48);
  const double nics = 3.0 * 4 * 8 * 50e9;
  EXPECT_NEAR(sum_of(topology, "edge", "-up"), nics / 2, 1);
  EXPECT_NEAR(sum_of(topology, "-core", "-up"), nics / 6, 1);
}

TEST(Bisection, AStatedBandwidthIsThatOfEachLink) {
  LeafSpineSpec spec{node_of(8), 2, 3};
  spec.uplinks.bandwidth = BytesPerSecond{12e9};
  EXPECT_NEAR(sum_of(leaf_spine(spec, 4), "leaf", "-down"), 2 * 3 * 12e9, 1);
}

}  // namespace
}  // namespace kvferry::topologies
