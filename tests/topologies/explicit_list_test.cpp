// A list of vertices and links: as good as the preset that it copies.
#include "tests/topologies/random_specs.hpp"
#include "topologies/shortest_paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace kvferry::topologies {
namespace {

using ::testing::ElementsAre;

ExplicitSpec copy_of(const Topology& topology) {
  return {topology.gpus_per_node, topology.vertices, topology.links};
}

std::set<std::vector<LinkId>> all_paths(const Topology& topology, GpuId from, GpuId to) {
  std::set<std::vector<LinkId>> paths;
  for (std::int32_t choice = 0; choice < topology.path_count(from, to); ++choice)
    paths.insert(topology.path(from, to, choice));
  return paths;
}

// NICs apart from their GPUs, so that the way over NVLink is the shortest inside a node.
NodeSpec node_with_nics() {
  NodeSpec node;
  node.gpus = 4;
  node.nics = 4;
  node.nvlink = {{450e9}, {0}};
  node.pcie = CableSpec{{55e9}, {0}};
  node.nic = {{50e9}, {2e-6}};
  return node;
}

TEST(ExplicitList, HasThePathsOfThePresetThatItCopies) {
  const NodeSpec node = node_with_nics();
  for (const auto& [spec, nodes] :
       std::vector<RandomSpec>{{StarSpec{node}, 3},
                               {LeafSpineSpec{node, 2, 3}, 5},
                               {FatTreeSpec{node, fat_tree_of(4)}, 4},
                               {RailOptimisedSpec{node, 2}, 3},
                               {DragonflySpec{node, 5, 2, 2, 2, {{1e9}, {0}}, {{1e9}, {0}}}, 5}}) {
    const Topology preset = build(spec, nodes);
    const Topology list = explicit_list(copy_of(preset));
    SCOPED_TRACE(preset.preset);
    EXPECT_EQ(list.nic_of_gpu, preset.nic_of_gpu);
    EXPECT_EQ(list.nic_count, preset.nic_count);
    EXPECT_EQ(list.gpu_count, preset.gpu_count);
    for (GpuId from = 0; from < preset.gpu_count; ++from) {
      for (GpuId to = 0; to < preset.gpu_count; ++to) {
        if (from == to) continue;
        const auto expected = all_paths(preset, from, to);
        const auto found = all_paths(list, from, to);
        // A dragonfly's minimal path has one global link, though two may be as short.
        if (preset.preset == "dragonfly") {
          EXPECT_TRUE(std::ranges::includes(found, expected)) << from << " to " << to;
        } else {
          EXPECT_EQ(found, expected) << from << " to " << to;
        }
      }
    }
  }
}

// What is known of a target is forgotten and worked out again, and the answers stay.
TEST(ExplicitList, AnswersDoNotDependOnWhatIsKept) {
  const Topology preset = build(FatTreeSpec{node_with_nics(), fat_tree_of(4)}, 4);
  const ShortestPaths all(preset);
  const ShortestPaths one(preset, 1);
  RandomStream random(5, "kept");
  for (int i = 0; i < 500; ++i) {
    const GpuId from = between(random, 0, preset.gpu_count - 1);
    const GpuId to = between(random, 0, preset.gpu_count - 1);
    if (from == to) continue;
    ASSERT_EQ(all.count(from, to), one.count(from, to));
    const std::int32_t choice = between(random, 0, all.count(from, to) - 1);
    std::vector<LinkId> expected;
    std::vector<LinkId> found;
    all.append(from, to, choice, expected);
    one.append(from, to, choice, found);
    ASSERT_EQ(expected, found);
  }
}

Link one_way(const std::string& name, VertexId from, VertexId to) {
  return {name, {1e9}, {0}, from, to};
}

TEST(ExplicitList, GpusStandInTheOrderOfTheListWhereverTheyAre) {
  ExplicitSpec spec;
  spec.vertices = {{"leaf", VertexKind::fabric_switch},
                   {"b", VertexKind::gpu},
                   {"n1", VertexKind::nic},
                   {"a", VertexKind::gpu},
                   {"n2", VertexKind::nic}};
  spec.links = {one_way("b-n1", 1, 2), one_way("n1-leaf", 2, 0), one_way("leaf-n2", 0, 4),
                one_way("n2-a", 4, 3), one_way("a-n2", 3, 4)};
  const Topology topology = explicit_list(spec);
  EXPECT_EQ(topology.vertices[0].name, "b");
  EXPECT_EQ(topology.vertices[1].name, "a");
  EXPECT_THAT(topology.nic_of_gpu, ElementsAre(0, 1));
  EXPECT_EQ(topology.path_count(0, 1), 1);
  EXPECT_THAT(topology.path(0, 1), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(topology.path_count(1, 0), 0) << "the links lead one way";
  EXPECT_EQ(slowest_nic(spec).value, 1e9);
}

TEST(ExplicitList, NothingPassesThroughAGpu) {
  ExplicitSpec spec;
  spec.vertices = {{"a", VertexKind::gpu}, {"b", VertexKind::gpu}, {"c", VertexKind::gpu}};
  spec.links = {one_way("a-b", 0, 1), one_way("b-c", 1, 2)};
  const Topology topology = explicit_list(spec);
  EXPECT_EQ(topology.path_count(0, 1), 1);
  EXPECT_EQ(topology.path_count(0, 2), 0);
  EXPECT_THAT(nearest_nics(spec), ElementsAre(-1, -1, -1));
}

TEST(ExplicitList, AGpusNicIsTheNearestThatNeedsNoFabric) {
  ExplicitSpec spec;
  spec.vertices = {{"a", VertexKind::gpu},    {"pcie", VertexKind::node_switch},
                   {"far", VertexKind::nic},  {"near", VertexKind::nic},
                   {"b", VertexKind::gpu},    {"leaf", VertexKind::fabric_switch},
                   {"other", VertexKind::nic}};
  spec.links = {one_way("a-pcie", 0, 1), one_way("pcie-far", 1, 2), one_way("a-near", 0, 3),
                one_way("b-leaf", 4, 5), one_way("leaf-other", 5, 6)};
  EXPECT_THAT(nearest_nics(spec), ElementsAre(1, -1));
}

}  // namespace
}  // namespace kvferry::topologies
