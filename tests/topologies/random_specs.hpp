// Topologies of random sizes, one of every kind of nodes on a fabric.
#pragma once

#include "sim/base/random.hpp"
#include "topologies/topology_spec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvferry::topologies {

inline std::int32_t between(RandomStream& random, std::int32_t least, std::int32_t most) {
  return least +
         static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(most - least + 1)));
}

template <typename Value>
Value pick(RandomStream& random, std::initializer_list<Value> values) {
  return std::data(values)[random.below(values.size())];
}

inline NodeSpec random_node(RandomStream& random) {
  NodeSpec node;
  node.gpus = pick(random, {1, 2, 4, 8});
  node.nics = pick(random, {1, 2, 4, 8});
  while (node.gpus % node.nics != 0) node.nics /= 2;
  node.gpu_links = pick(random, {GpuLinks::nvlink, GpuLinks::pcie});
  node.nic_access = pick(random, {NicAccess::direct, NicAccess::through_host});
  node.nvlink = {{450e9}, {1e-7}};
  if (random.below(2) == 0) node.pcie = CableSpec{{55e9}, {1e-7}};
  node.host_memory = {200e9};
  node.nic = {{50e9}, {2e-6}};
  return node;
}

/// A topology and how many of its nodes are used.
struct RandomSpec {
  TopologySpec spec;
  std::int32_t nodes;
};

inline FatTreeSpec random_fat_tree(RandomStream& random, const NodeSpec& node) {
  FatTreeSpec spec{node, fat_tree_of(2 * between(random, 1, 4))};
  if (random.below(2) == 0) {
    spec.shape = {between(random, 1, 4), between(random, 1, 3), between(random, 1, 3),
                  between(random, 1, 3), between(random, 1, 8)};
  }
  return spec;
}

inline DragonflySpec random_dragonfly(RandomStream& random, const NodeSpec& node) {
  DragonflySpec spec{node, 1, between(random, 1, 5), between(random, 1, 8), between(random, 1, 4)};
  spec.groups = between(random, 1, std::min(12, spec.routers * spec.global_ports + 1));
  spec.local = {{100e9}, {1e-6}};
  spec.global = {{25e9}, {5e-6}};
  return spec;
}

inline TorusSpec random_torus(RandomStream& random, const NodeSpec& node) {
  TorusSpec spec{node, {}, between(random, 1, 8), {{100e9}, {1e-6}}};
  for (std::int32_t i = between(random, 1, 4); i > 0; --i)
    spec.dimensions.push_back(between(random, 1, 5));
  return spec;
}

inline constexpr std::int32_t kKinds = 6;

/// @param kind below kKinds. At least two nodes, wherever there is a place for them
inline RandomSpec random_spec(RandomStream& random, std::int32_t kind) {
  NodeSpec node = random_node(random);
  const auto spec_of_kind = [&]() -> TopologySpec {
    switch (kind) {
      case 0:
        return StarSpec{node};
      case 1:
        return LeafSpineSpec{node, between(random, 1, 4), between(random, 1, 5)};
      case 2:
        return random_fat_tree(random, node);
      case 3: {
        const bool pxn = node.gpu_links == GpuLinks::nvlink && random.below(2) == 0;
        return RailOptimisedSpec{
            node, between(random, pxn ? 0 : 1, 3), {}, pxn ? CrossRail::pxn : CrossRail::fabric};
      }
      case 4:
        return random_dragonfly(random, node);
      default:
        return random_torus(random, node);
    }
  };
  TopologySpec spec = spec_of_kind();
  while (node_places(spec).value_or(2) < 2) spec = spec_of_kind();
  const auto most =
      static_cast<std::int32_t>(std::min<std::int64_t>(12, node_places(spec).value_or(12)));
  return {spec, between(random, 2, most)};
}

}  // namespace kvferry::topologies
