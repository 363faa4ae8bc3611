// The `network` section of a scenario: the topology, and how flows use it.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"

#include <string>
#include <vector>

namespace kvferry::scenarios {

/// A word of `network.topology`.
struct KnownTopology {
  std::string word;
  std::string description;        ///< one line
  std::vector<std::string> keys;  ///< of its own, `gpus_per_node` and `node` apart
  bool has_node;                  ///< whether it has the section `node`
};
const std::vector<KnownTopology>& known_topologies();

/// @param system whose pools have been read  @param gpu whose NVLink the nodes have
sim::NetworkConfig read_network(SectionReader&& network, const sim::SimulationConfig& system,
                                const sim::GpuSpec& gpu);

/// Stages of one node talk over NVLink or PCIe, others over a NIC.
BytesPerSecond stage_bandwidth(const sim::PoolConfig& pool, const sim::NetworkConfig& network);

/// Checks what takes the whole system: that there is a place for its engines, and a path for each
/// hand-off. @pre no fault so far
void check_network(const SectionReader& root, const sim::SimulationConfig& system);

}  // namespace kvferry::scenarios
