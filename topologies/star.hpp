// All NICs on one switch that never limits.
#pragma once

#include "topologies/node.hpp"
#include "topologies/topology.hpp"

#include <cstdint>

namespace kvferry::topologies {

struct StarSpec {
  NodeSpec node;
};

Topology star(const StarSpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
