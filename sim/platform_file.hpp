// A SimGrid platform (XML) as a topology. SimGrid itself reads it, in a child process: whatever it
// makes of a faulty file, the caller gets routes or a message.
//
// One GPU per host, in the order in which the file creates hosts. Links are those of the routes that
// were asked for, in the order of their first use. A link that both directions share
// (sharing_policy SHARED) is one link here, too.
#pragma once

#include "topologies/route_table.hpp"

#include <string>

namespace kvferry::sim {

/// Forks: no other thread may be running. Takes time and memory in proportion to the pairs.
/// @returns the hosts alone, where the pairs name more GPUs than there are
/// @throws InputError with the file, the line where SimGrid names one, and what it says: no such
/// platform, a pair without a route, a link that flows cannot share (FATPIPE, WIFI) or without
/// capacity, a latency that no link has
topologies::RouteTable read_platform_file(const std::string& path,
                                          const topologies::RoutedPairs& pairs);

}  // namespace kvferry::sim
