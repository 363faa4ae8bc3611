// Whether a pool's GPUs can share a model as asked, and have been measured for it.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"

#include <string>
#include <vector>

namespace kvferry::scenarios {

/// Why these GPUs cannot share the model, or what was not measured on them; empty: they can.
std::vector<std::string> split_faults(const sim::SimulationConfig& system,
                                      const sim::PoolConfig& pool);

/// Reports faults of the model itself, at the key `model`. True when there are none: a faulty one
/// has no size.
bool check_model(const SectionReader& root, const sim::ModelSpec& model);

/// Reports faults of a pool at its `key`.
void check_split(const SectionReader& root, const std::string& key,
                 const sim::SimulationConfig& system, const sim::PoolConfig& pool);

/// That the weights and at least one KV block fit into each GPU.
void check_memory(const SectionReader& root, const std::string& key,
                  const sim::SimulationConfig& system, const sim::PoolConfig& pool);

}  // namespace kvferry::scenarios
