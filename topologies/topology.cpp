#include "topologies/topology.hpp"

namespace kvferry::topologies {

Seconds path_latency(const Topology& topology, std::span<const LinkId> path) {
  Seconds sum{};
  for (const LinkId link : path) sum += topology.links[static_cast<std::size_t>(link)].latency;
  return sum;
}

}  // namespace kvferry::topologies
