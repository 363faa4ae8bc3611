// Groups of routers: all routers of a group are joined by local cables, and every two groups by
// global ones (Kim, Dally, Scott, Abts: ISCA 2008). Minimal paths: at most one local cable, a global
// one, and a local one again. With a routers of h global ports in a group, each pair of g groups has
// floor(a * h / (g - 1)) global cables; of these, flows use the ones that need the fewest local hops.
#pragma once

#include "topologies/cable.hpp"
#include "topologies/node.hpp"
#include "topologies/topology.hpp"

#include <cstdint>

namespace kvferry::topologies {

struct DragonflySpec {
  NodeSpec node;
  std::int32_t groups = 1;
  std::int32_t routers = 1;          ///< of a group
  std::int32_t nics_per_router = 1;  ///< they fill routers in order
  std::int32_t global_ports = 1;     ///< of a router
  CableSpec local = {};
  CableSpec global = {};
};

/// Global cables between two groups; the groups are not joined when there are none.
std::int64_t cables_per_pair(const DragonflySpec& spec);

std::int64_t nic_places(const DragonflySpec& spec);
std::int64_t cable_count(const DragonflySpec& spec);

/// @pre cables_per_pair() > 0 or there is one group; there is a place for each NIC
Topology dragonfly(const DragonflySpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
