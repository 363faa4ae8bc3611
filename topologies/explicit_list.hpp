// A topology given vertex by vertex and link by link. Flows take paths of the fewest links, all of
// which are there to choose from.
#pragma once

#include "topologies/topology.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::topologies {

struct ExplicitSpec {
  std::int32_t gpus_per_node = 1;  ///< GPUs in the order of the list; divides their number
  std::vector<Vertex> vertices;    ///< in any order
  std::vector<Link> links;         ///< `from` and `to` are positions in `vertices`
};

std::int32_t gpu_count(const ExplicitSpec& spec);

/// The NIC by which each GPU, in order, leaves its node: the nearest one to which links lead without
/// passing another GPU or a switch of the fabric; of equals the one whose links come first. NICs are
/// numbered in the order of the list; -1: there is none.
std::vector<NicId> nearest_nics(const ExplicitSpec& spec);

/// The capacity of the slowest link that leads out of a NIC.
BytesPerSecond slowest_nic(const ExplicitSpec& spec);

/// @pre there are GPUs, and each has a NIC
Topology explicit_list(const ExplicitSpec& spec);

}  // namespace kvferry::topologies
