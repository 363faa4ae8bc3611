// Flows as actions of SimGrid's network model, without the communications and activities that SimGrid
// puts around them: flows can be limited in rate, and an end costs the same however many flows are
// under way. It reaches below SimGrid's public interface (network_model.hpp), so it is built with
// SimGrid 3.32 only; CommNetwork does for others.
#pragma once

#include "sim/network.hpp"
#include "sim/simgrid/event_queue.hpp"
#include "sim/simgrid/fabric.hpp"
#include "sim/simgrid/flow_table.hpp"

namespace simgrid::kernel::resource {
class NetworkModel;
}

namespace kvferry::sim {

class DirectNetwork final : public Network {
 public:
  /// Both must outlive the engine's run; at most one per process.
  DirectNetwork(Fabric& fabric, EventQueue& events);

  FlowHandle start(const FlowSpec& flow, FlowEnd on_end) override;
  void cancel(FlowHandle flow) override;
  double left(FlowHandle flow) const override;
  bool limits_rates() const override { return true; }
  void set_cap(FlowHandle flow, std::optional<BytesPerSecond> cap) override;
  void set_capacity(topologies::LinkId link, BytesPerSecond capacity) override;
  void set_up(topologies::LinkId link, bool up) override;

 private:
  using Action = simgrid::kernel::resource::Action;
  using Flows = FlowTable<Action*>;
  void collect_ended();
  void take(Action* action, bool delivered);

  Fabric& fabric_;
  simgrid::kernel::resource::NetworkModel& model_;
  Flows flows_;
};

}  // namespace kvferry::sim
