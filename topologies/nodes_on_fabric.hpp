// Nodes joined by a fabric: what all presets but two_tier.hpp and point_to_point.hpp have in common.
// A path between nodes leaves through the NIC of its first GPU, crosses the fabric and enters through
// the NIC of its last one.
#pragma once

#include "topologies/fabric.hpp"
#include "topologies/node.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kvferry::topologies {

/// Through which NIC a flow leaves whose target's NIC has another place in its node.
enum class CrossRail : std::uint8_t {
  fabric,  ///< its GPU's own
  pxn,     ///< the one of that place, to whose GPU it goes over NVLink first
};

/// Adds its switches and links to a topology of nodes.
using MakeFabric = std::function<std::unique_ptr<Fabric>(Topology&)>;

struct NodesOnFabric {
  std::string preset;
  std::string fabric;  ///< in words, for the description
  NodeSpec node;
  std::int32_t nodes;
  CrossRail cross_rail = CrossRail::fabric;  ///< pxn: nodes have NVLink
};

Topology join_nodes(const NodesOnFabric& plan, const MakeFabric& make_fabric);

}  // namespace kvferry::topologies
