// What the topologies of `network` have in keys: the inside of their nodes, and the switches between
// them. Keys that a value makes meaningless are not valid beside it.
#pragma once

#include "scenarios/section_reader.hpp"
#include "topologies/topology_spec.hpp"

#include <cstdint>

namespace kvferry::scenarios {

inline constexpr Integer kNodeSize{1, 1024};
inline constexpr Time kLatency{Sign::not_negative};
inline constexpr Seconds kLinkLatency{2e-6};  ///< unless stated

/// `link_bandwidth`, `link_latency`, `gpus_per_node` and the section `node`.
/// @param nvlink of the GPUs
topologies::NodeSpec read_node(SectionReader& network, BytesPerSecond nvlink);

topologies::LeafSpineSpec read_leaf_spine(SectionReader& network, const topologies::NodeSpec& node);
/// @param nodes that need a place, where no size is stated
topologies::FatTreeSpec read_fat_tree(SectionReader& network, const topologies::NodeSpec& node,
                                      std::int32_t nodes);
topologies::RailOptimisedSpec read_rail_optimised(SectionReader& network,
                                                  const topologies::NodeSpec& node);
topologies::DragonflySpec read_dragonfly(SectionReader& network, const topologies::NodeSpec& node);
topologies::TorusSpec read_torus(SectionReader& network, const topologies::NodeSpec& node);

}  // namespace kvferry::scenarios
