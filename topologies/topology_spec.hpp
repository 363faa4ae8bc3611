// Any of the topologies, as a value that says how it is built.
#pragma once

#include "topologies/dragonfly.hpp"
#include "topologies/explicit_list.hpp"
#include "topologies/fat_tree.hpp"
#include "topologies/leaf_spine.hpp"
#include "topologies/point_to_point.hpp"
#include "topologies/rail_optimised.hpp"
#include "topologies/route_table.hpp"
#include "topologies/star.hpp"
#include "topologies/topology.hpp"
#include "topologies/torus.hpp"
#include "topologies/two_tier.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace kvferry::topologies {

using TopologySpec =
    std::variant<TwoTierSpec, PointToPointSpec, StarSpec, LeafSpineSpec, FatTreeSpec,
                 RailOptimisedSpec, DragonflySpec, TorusSpec, ExplicitSpec, RoutedSpec>;

/// Nothing: there are no nodes (point-to-point).
std::optional<std::int32_t> gpus_per_node(const TopologySpec& spec);

/// How many nodes it has a place for; nothing: any number.
std::optional<std::int64_t> node_places(const TopologySpec& spec);

/// How many links it has with so many nodes, without building it; too many are for the caller to
/// refuse.
std::int64_t link_count(const TopologySpec& spec, std::int64_t nodes);

/// Of the link that joins a node, or a GPU of it, to the others.
BytesPerSecond nic_bandwidth(const TopologySpec& spec);

/// Between GPUs of a node, where it is not the GPU's own NVLink.
std::optional<BytesPerSecond> pcie_inside(const TopologySpec& spec);

/// @param nodes that are to be used; an explicit list is always whole, and point-to-point has none
/// @pre nodes <= node_places(), gpus_per_node() * nodes and link_count() fit into 32 bits
Topology build(const TopologySpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
