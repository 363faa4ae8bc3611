// A topology that the scenario lists: `network.vertices` and `network.links`.
#pragma once

#include "scenarios/section_reader.hpp"
#include "topologies/explicit_list.hpp"

namespace kvferry::scenarios {

topologies::ExplicitSpec read_explicit_list(SectionReader& network);

}  // namespace kvferry::scenarios
