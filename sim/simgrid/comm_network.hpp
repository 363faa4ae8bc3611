// Flows as SimGrid communications between hosts: public API only, any SimGrid.
//
// SimGrid reports flows that end at the same instant in the order of its solver; we sort them by
// their start, so that the order of events stays (date, priority, sequence).
#pragma once

#include "sim/network.hpp"
#include "sim/simgrid/event_queue.hpp"
#include "sim/simgrid/fabric.hpp"

#include <simgrid/s4u.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace kvferry::sim {

class CommNetwork final : public Network {
 public:
  /// All three must outlive the engine's run; at most one per process.
  CommNetwork(const topologies::Topology& topology, const Fabric& fabric, EventQueue& events);

  void start(topologies::GpuId from, topologies::GpuId to, Bytes size, FlowEnd on_end) override;

  /// Bytes of flows that have ended while the loop ran, by link.
  const std::vector<Bytes>& link_bytes() const { return link_bytes_; }

 private:
  struct Flow {
    std::uint64_t sequence;
    std::vector<topologies::LinkId> path;
    Bytes size;
    FlowEnd on_end;
    simgrid::s4u::CommPtr communication;
  };
  Flow* take_unused();
  void completed(const simgrid::s4u::Activity& activity);
  void report_ended_flows();

  const topologies::Topology& topology_;
  const Fabric& fabric_;
  EventQueue& events_;
  std::vector<Bytes> link_bytes_;
  std::vector<std::unique_ptr<Flow>> ended_;     ///< at this instant, not yet reported
  std::vector<std::unique_ptr<Flow>> reported_;  ///< being reported
  std::vector<std::unique_ptr<Flow>> unused_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace kvferry::sim
