// NIC r of every node on rail switch r. Flows between NICs of the same place in their nodes stay on
// one rail; others cross a spine, or go to the GPU of the right rail over NVLink first (PXN).
#pragma once

#include "topologies/cable.hpp"
#include "topologies/node.hpp"
#include "topologies/nodes_on_fabric.hpp"
#include "topologies/topology.hpp"

#include <cstdint>

namespace kvferry::topologies {

struct RailOptimisedSpec {
  NodeSpec node;
  std::int32_t spines = 1;  ///< above zero unless all flows stay on their rail
  Uplinks uplinks = {};     ///< of the rail switches
  CrossRail cross_rail = CrossRail::fabric;
};

Topology rail_optimised(const RailOptimisedSpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
