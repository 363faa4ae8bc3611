// Which GPUs each instance owns, and the topology that joins them.
//
// The prefill pool fills nodes from the first GPU on, the decode pool and the mixed one start on
// nodes of their own, and no instance straddles two nodes unless it is larger than one (pipeline
// stages): every hand-off crosses the network.
#pragma once

#include "sim/simulation_config.hpp"
#include "topologies/route_table.hpp"
#include "topologies/topology.hpp"

#include <vector>

namespace kvferry::sim {

/// The GPUs of one instance: first, first + 1, ... stage by stage, one per tensor-parallel rank.
struct InstanceGpus {
  topologies::GpuId first{};
  std::int32_t count{};
  std::int32_t stages = 1;  ///< of the pipeline; each holds its layers
};

struct Placement {
  std::vector<InstanceGpus> engines;  ///< in the order of engines_of()
  topologies::Topology topology;
};

/// How many nodes of that size the engines take.
std::int32_t nodes_needed(const SimulationConfig& config, std::int32_t gpus_per_node);

/// The GPUs that hand off, and those that take in, on nodes of that size: in order.
topologies::RoutedPairs handoff_pairs(const SimulationConfig& config, std::int32_t gpus_per_node);

/// @pre tensor_parallel of all pools is at most the GPUs of a node, and the topology has a place for
/// the nodes that are needed
Placement place(const SimulationConfig& config);

}  // namespace kvferry::sim
