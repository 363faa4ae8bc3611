#include "sim/simgrid/comm_network.hpp"

#include <cassert>
#include <cstdint>
#include <utility>

namespace kvferry::sim {

CommNetwork::CommNetwork(Fabric& fabric, EventQueue& events)
    : fabric_(fabric), events_(events), flows_(events) {
  simgrid::s4u::Activity::on_completion_cb(
      [this](const simgrid::s4u::Activity& activity) { completed(activity); });
}

FlowHandle CommNetwork::start(const FlowSpec& spec, FlowEnd on_end) {
  assert(spec.size.value > 0 && spec.from != spec.to && !spec.cap);
  Flows::Flow& flow = flows_.add(spec, std::move(on_end));
  flow.carrier = simgrid::s4u::Comm::sendto_init();
  flow.carrier->set_payload_size(static_cast<std::uint64_t>(spec.size.value));
  flow.carrier->set_data(&flow);
  fabric_.set_path(spec.path);
  flow.carrier->set_source(fabric_.host(spec.from))
      ->set_destination(fabric_.host(spec.to));  // starts it
  return Flows::handle_of(flow);
}

// SimGrid says twice that a communication was cancelled, the second time when its place may belong to
// another flow: it must not find the way back.
void CommNetwork::cancel(FlowHandle handle) {
  Flows::Flow* const flow = flows_.find(handle);
  if (flow == nullptr) return;
  if (flow->under_way) {
    flow->carrier->set_data(nullptr);
    flow->carrier->cancel();
    keep_for_this_instant(std::move(flow->carrier));
  }
  flows_.remove(*flow);
}

// SimGrid looks at a cancelled communication once more before its clock moves on.
void CommNetwork::keep_for_this_instant(simgrid::s4u::CommPtr cancelled) {
  if (cancelled_at_ != events_.now()) cancelled_.clear();
  cancelled_at_ = events_.now();
  cancelled_.push_back(std::move(cancelled));
}

double CommNetwork::left(FlowHandle handle) const {
  const Flows::Flow& flow = flows_[handle];
  return flow.under_way ? flow.carrier->get_remaining() / flow.size : flow.report.left;
}

void CommNetwork::set_cap(FlowHandle, std::optional<BytesPerSecond>) {
  assert(false && "limits_rates() says no");
}

void CommNetwork::set_capacity(topologies::LinkId link, BytesPerSecond capacity) {
  fabric_.set_capacity(link, capacity);
}

// SimGrid updates what is left only when it looks at a flow, and looks at no broken one.
void CommNetwork::set_up(topologies::LinkId link, bool up) {
  if (!up) {
    flows_.for_each_under_way_over(
        link, [&](Flows::Flow& flow) { flow.report.left = left(Flows::handle_of(flow)); });
  }
  fabric_.set_up(link, up);
}

// SimGrid still uses the communication during this callback: it is released when the flow is
// reported.
void CommNetwork::completed(const simgrid::s4u::Activity& activity) {
  auto* const flow = activity.get_data<Flows::Flow>();
  if (flow == nullptr) return;  // cancelled
  flows_.ended(*flow, activity.get_state() == simgrid::s4u::Activity::State::FINISHED);
  flows_.report_ended();
}

}  // namespace kvferry::sim
