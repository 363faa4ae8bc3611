// The way from a GPU to its NIC and to its neighbours, link by link.
#include "topologies/star.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::topologies {
namespace {

using ::testing::ElementsAre;

NodeSpec four_gpus() {
  NodeSpec node;
  node.gpus = 4;
  node.nics = 4;
  node.nvlink = {{450e9}, {1e-7}};
  node.nic = {{50e9}, {2e-6}};
  return node;
}

std::vector<std::string> names(const Topology& topology, GpuId from, GpuId to) {
  std::vector<std::string> result;
  for (const LinkId id : topology.path(from, to))
    result.push_back(topology.links[static_cast<std::size_t>(id)].name);
  return result;
}

BytesPerSecond capacity(const Topology& topology, const std::string& name) {
  for (const Link& link : topology.links) {
    if (link.name == name) return link.capacity;
  }
  return {-1};
}

TEST(Node, WhereNothingLimitsAGpuOnTheWayToItsNicThereIsOnlyTheNic) {
  const Topology topology = star({four_gpus()}, 2);
  EXPECT_THAT(names(topology, 1, 6), ElementsAre("nic1-out", "nic6-in"));
  EXPECT_THAT(names(topology, 1, 2), ElementsAre("nvlink1-out", "nvlink2-in"));
}

TEST(Node, APcieBandwidthIsThatOfTheGpusAndTheNicsSlots) {
  NodeSpec node = four_gpus();
  node.pcie = CableSpec{{55e9}, {3e-7}};
  const Topology topology = star({node}, 2);
  EXPECT_THAT(names(topology, 1, 6),
              ElementsAre("pcie1-out", "bus1-in", "nic1-out", "nic6-in", "bus6-out", "pcie6-in"));
  EXPECT_EQ(capacity(topology, "pcie1-out").value, 55e9);
  EXPECT_EQ(capacity(topology, "bus1-in").value, 55e9);
  // 4 PCIe links of 0.3 us, 2 of the NICs of 2 us.
  EXPECT_DOUBLE_EQ(path_latency(topology, topology.path(1, 6)).value, 5.2e-6);
}

TEST(Node, NeighboursShareANic) {
  NodeSpec node = four_gpus();
  node.nics = 2;
  const Topology topology = star({node}, 2);
  EXPECT_THAT(topology.nic_of_gpu, ElementsAre(0, 0, 1, 1, 2, 2, 3, 3));
  EXPECT_EQ(topology.nic_count, 4);
  EXPECT_THAT(names(topology, 1, 6),
              ElementsAre("pcie1-out", "bus0-in", "nic0-out", "nic3-in", "bus3-out", "pcie6-in"));
  EXPECT_EQ(capacity(topology, "pcie1-out").value, 50e9) << "unless stated, as wide as a NIC";
}

TEST(Node, WithoutGpuDirectBytesBounceOffHostMemory) {
  NodeSpec node = four_gpus();
  node.pcie = CableSpec{{55e9}, {0}};
  node.nic_access = NicAccess::through_host;
  node.host_memory = {200e9};
  const Topology topology = star({node}, 2);
  EXPECT_THAT(names(topology, 1, 6),
              ElementsAre("pcie1-out", "host0-memory", "bus1-in", "nic1-out", "nic6-in", "bus6-out",
                          "host1-memory", "pcie6-in"));
  EXPECT_THAT(names(topology, 1, 2), ElementsAre("nvlink1-out", "nvlink2-in"));
  // Written and read: a byte takes 2 bytes of the memory's 200 GB/s, in both directions and for all
  // GPUs of the node.
  EXPECT_EQ(capacity(topology, "host0-memory").value, 100e9);
  EXPECT_THAT(names(topology, 6, 3), ::testing::Contains("host0-memory")) << "on the way in too";
}

TEST(Node, WithPcieInsideGpusTalkOverTheSameLinks) {
  NodeSpec node = four_gpus();
  node.pcie = CableSpec{{55e9}, {0}};
  node.gpu_links = GpuLinks::pcie;
  EXPECT_THAT(names(star({node}, 2), 1, 2), ElementsAre("pcie1-out", "pcie2-in"));
  node.nic_access = NicAccess::through_host;
  node.host_memory = {200e9};
  EXPECT_THAT(names(star({node}, 2), 1, 2), ElementsAre("pcie1-out", "host0-memory", "pcie2-in"));
}

}  // namespace
}  // namespace kvferry::topologies
