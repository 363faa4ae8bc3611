// Flows as SimGrid communications between hosts: public API only, any SimGrid. It cannot limit the
// rate of a flow.
#pragma once

#include "sim/network.hpp"
#include "sim/simgrid/event_queue.hpp"
#include "sim/simgrid/fabric.hpp"
#include "sim/simgrid/flow_table.hpp"

#include <simgrid/s4u.hpp>

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
  using Flows = FlowTable<simgrid::s4u::CommPtr>;
  void completed(const simgrid::s4u::Activity& activity);
  void keep_for_this_instant(simgrid::s4u::CommPtr cancelled);

  Fabric& fabric_;
  EventQueue& events_;
  Flows flows_;
  std::vector<simgrid::s4u::CommPtr> cancelled_;  ///< at one date
  Seconds cancelled_at_{-1};
};

}  // namespace kvferry::sim
