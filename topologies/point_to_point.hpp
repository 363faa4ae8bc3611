// All prefill GPUs on one side, all decode GPUs on the other, and a single full-duplex link between
// them that every hand-off shares. How a GPU reaches its end of the link is not modelled: a path is the
// one link, between the vertices of the two sides.
#pragma once

#include "topologies/topology.hpp"

namespace kvferry::topologies {

struct PointToPointSpec {
  GpuId left_gpus{};                ///< GPUs 0 ... left_gpus - 1
  GpuId right_gpus{};               ///< and the ones after them
  BytesPerSecond link_bandwidth{};  ///< per direction
  Seconds link_latency{};
};

Topology point_to_point(const PointToPointSpec& spec);

}  // namespace kvferry::topologies
