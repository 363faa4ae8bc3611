// Nodes of GPUs with a NIC per GPU, joined by one core.
//
//   GPU --nvlink-- GPU        within a node: each GPU's NVLink port, in and out
//   GPU --NIC--[ node uplink ]--core--[ node uplink ]--NIC-- GPU      between nodes
// The core itself never limits. With an oversubscription above 1 each node reaches it through an
// uplink that carries gpus_per_node * link_bandwidth / oversubscription; at 1 there is no uplink to
// limit anything.
#pragma once

#include "topologies/topology.hpp"

namespace kvferry::topologies {

struct TwoTierSpec {
  std::int32_t nodes{};
  std::int32_t gpus_per_node = 8;
  BytesPerSecond link_bandwidth{};    ///< of each NIC, per direction
  Seconds link_latency{};             ///< of each NIC link; a path between nodes has two
  double oversubscription = 1;        ///< at least 1
  BytesPerSecond nvlink_bandwidth{};  ///< of each GPU's port, per direction
};

/// GPU g sits in node g / gpus_per_node.
Topology two_tier(const TwoTierSpec& spec);

}  // namespace kvferry::topologies
