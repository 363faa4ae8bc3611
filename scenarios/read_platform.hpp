// The keys of `network` with topology: simgrid-xml.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"
#include "topologies/route_table.hpp"

namespace kvferry::scenarios {

/// Lets SimGrid read the platform, and asks it for the routes of all hand-offs.
/// @param system whose pools have been read
topologies::RoutedSpec read_platform(SectionReader& network, const sim::SimulationConfig& system);

}  // namespace kvferry::scenarios
