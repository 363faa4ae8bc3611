// The part of a scenario that describes the serving system: model, pools, network, hand-off.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"
#include "workloads/workload.hpp"

namespace kvferry::scenarios {

/// Everything but the `transfer` section.
sim::SimulationConfig read_system(SectionReader& root);

/// The `transfer` section without its codec.
sim::TransferConfig read_transfer(SectionReader& transfer);

/// Checks what no single key can: that the model can be split as asked and fits into the GPUs.
/// @pre no fault so far
void check_system(const SectionReader& root, const sim::SimulationConfig& system);

/// Checks that the blocks a trace names and those of a KV cache that shares them can be matched.
void check_prefix_caching(const SectionReader& root, const sim::SimulationConfig& system,
                          const workloads::WorkloadSpec& workload);

}  // namespace kvferry::scenarios
