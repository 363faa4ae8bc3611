// The part of a scenario that says which engines serve: pools, the kinds of instances in them, and
// how requests are routed to them.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"

namespace kvferry::scenarios {

/// Reads `mode`, `prefill`, `decode`, `mixed` and `router`.
void read_pools(SectionReader& root, sim::SimulationConfig& system);

}  // namespace kvferry::scenarios
