// Three tiers: NICs on edge switches; in each pod every edge switch on every aggregation switch; the
// aggregation switches of the same place in their pods on the same cores.
//
//   paths within a pod: one per aggregation switch; between pods: one per core
// Built from switches of k ports (Al-Fares, Loukissas, Vahdat: SIGCOMM 2008): k pods of k/2 edge and
// k/2 aggregation switches, k/2 NICs on an edge switch, (k/2)^2 cores.
#pragma once

#include "topologies/cable.hpp"
#include "topologies/node.hpp"
#include "topologies/topology.hpp"

#include <cstdint>

namespace kvferry::topologies {

struct FatTreeShape {
  std::int32_t pods{};
  std::int32_t edges{};         ///< edge switches of a pod
  std::int32_t aggregations{};  ///< aggregation switches of a pod
  std::int32_t cores{};         ///< that an aggregation switch reaches
  std::int32_t nics_per_edge{};
};

/// @pre k is even
FatTreeShape fat_tree_of(std::int32_t k);

/// The smallest k whose tree has a place for each of them.
std::int32_t smallest_fat_tree(std::int64_t nics);

struct FatTreeSpec {
  NodeSpec node;
  FatTreeShape shape;
  Uplinks edge_uplinks = {};
  Uplinks core_uplinks = {};  ///< of the aggregation switches
};

std::int64_t nic_places(const FatTreeSpec& spec);
std::int64_t cable_count(const FatTreeSpec& spec);

/// NICs fill edge switches in order. @pre there is a place for each
Topology fat_tree(const FatTreeSpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
