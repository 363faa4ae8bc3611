// Flows of bytes between GPUs that share links.
#pragma once

#include "sim/base/units.hpp"
#include "topologies/topology.hpp"

#include <functional>

namespace kvferry::sim {

class Network {
 public:
  using FlowEnd = std::function<void()>;

  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  /// Starts a flow over the topology's route; `on_end` runs when its last byte has left the wire.
  /// Latency is not included: the caller adds that of the path. @pre size above zero, from != to
  virtual void start(topologies::GpuId from, topologies::GpuId to, Bytes size, FlowEnd on_end) = 0;
};

}  // namespace kvferry::sim
