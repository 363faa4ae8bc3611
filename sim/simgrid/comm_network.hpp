// Flows as SimGrid communications between hosts: public API only, any SimGrid. It cannot limit the
// rate of a flow.
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
  /// Both must outlive the engine's run; at most one per process.
  CommNetwork(Fabric& fabric, EventQueue& events);

  FlowHandle start(const FlowSpec& flow, FlowEnd on_end) override;
  void cancel(FlowHandle flow) override;
  double left(FlowHandle flow) const override;
  bool limits_rates() const override { return false; }
  void set_cap(FlowHandle flow, std::optional<BytesPerSecond> cap) override;
  void set_capacity(topologies::LinkId link, BytesPerSecond capacity) override;
  void set_up(topologies::LinkId link, bool up) override;

 private:
  struct Flow {
    std::uint32_t slot;
    std::uint64_t sequence;  ///< 0: it has ended, or was cancelled
    double size;
    FlowReport report;
    FlowEnd on_end;
    simgrid::s4u::CommPtr communication;
  };
  Flow& take_unused();
  void completed(const simgrid::s4u::Activity& activity);
  void report_ended_flows();

  Fabric& fabric_;
  EventQueue& events_;
  std::vector<std::unique_ptr<Flow>> flows_;  ///< by slot
  std::vector<std::uint32_t> unused_;
  std::vector<Flow*> ended_;     ///< at this instant, not yet reported
  std::vector<Flow*> reported_;  ///< being reported
  std::uint64_t next_sequence_ = 1;
};

}  // namespace kvferry::sim
