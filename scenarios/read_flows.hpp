// How flows are simulated and find their way: the keys of `network` that hold for any topology.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"

namespace kvferry::scenarios {

/// `backend`, `paths` and `incast`.
void read_flows(SectionReader& network, sim::NetworkConfig& config);

}  // namespace kvferry::scenarios
