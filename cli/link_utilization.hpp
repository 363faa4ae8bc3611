// How busy the links of a network were in a run.
#pragma once

#include "topologies/topology.hpp"

#include <string>
#include <vector>

namespace kvferry::cli {

/// Of each link, 0 to 1, from the summary.json of the folder, which leaves out those that carried
/// nothing. @throws InputError when it cannot be
/// read, or tells of another network
std::vector<double> link_utilization(const std::string& folder,
                                     const topologies::Topology& topology);

}  // namespace kvferry::cli
