// Two tiers: the NICs of some neighbouring nodes on a leaf, and every leaf on every spine. Two leaves
// have as many paths between them as there are spines.
#pragma once

#include "topologies/cable.hpp"
#include "topologies/node.hpp"
#include "topologies/topology.hpp"

#include <cstdint>

namespace kvferry::topologies {

struct LeafSpineSpec {
  NodeSpec node;
  std::int32_t nodes_per_leaf = 4;
  std::int32_t spines = 4;
  Uplinks uplinks = {};  ///< of the leaves
};

/// As many leaves as the nodes need.
Topology leaf_spine(const LeafSpineSpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
