// Which GPUs each instance owns, and the topology that joins them.
//
// The prefill pool fills nodes from the first GPU on, the decode pool and the mixed one start on
// nodes of their own, and no instance straddles two nodes unless it is larger than one (pipeline
// stages): every hand-off crosses the network.
#pragma once

#include "sim/simulation_config.hpp"
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

/// @pre with two_tier: tensor_parallel of all pools at most gpus_per_node
Placement place(const SimulationConfig& config);

}  // namespace kvferry::sim
