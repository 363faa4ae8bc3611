// Routers on a grid whose ends are joined, in any number of dimensions. Paths go along the first
// dimension, then the second, and so on, the shorter way round; where both ways are equally long,
// each is a path of its own.
#pragma once

#include "topologies/cable.hpp"
#include "topologies/node.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::topologies {

struct TorusSpec {
  NodeSpec node;
  std::vector<std::int32_t> dimensions;  ///< routers along each; at least one
  std::int32_t nics_per_router = 1;      ///< they fill routers in order, the last dimension first
  CableSpec cable = {};                  ///< between neighbours
};

/// "4x4x2"
std::string shape_text(const std::vector<std::int32_t>& dimensions);

std::int64_t nic_places(const TorusSpec& spec);
std::int64_t cable_count(const TorusSpec& spec);

/// @pre there is a place for each NIC
Topology torus(const TorusSpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
