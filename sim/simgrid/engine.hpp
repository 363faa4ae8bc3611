// SimGrid, set up so that a lone flow takes exactly latency + size / bandwidth and links are shared
// max-min: the one place that knows there is a process-wide engine.
#pragma once

#include "sim/event_loop.hpp"
#include "sim/network.hpp"
#include "sim/simgrid/event_queue.hpp"
#include "sim/simulation_config.hpp"
#include "topologies/topology.hpp"

#include <memory>
#include <optional>

namespace kvferry::sim {

/// At most one in the life of a process.
class SimGridEngine {
 public:
  /// @pre is_built(backend)
  explicit SimGridEngine(const topologies::Topology& topology,
                         NetworkBackend backend = NetworkBackend::automatic,
                         const std::optional<IncastLoss>& loss = {});

  EventLoop& loop() { return *events_; }
  Network& network() { return *network_; }

  /// Runs until no event and no flow is left.
  void run();

 private:
  std::shared_ptr<EventQueue> events_;
  std::unique_ptr<Network> network_;
};

}  // namespace kvferry::sim
