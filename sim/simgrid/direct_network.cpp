#include "sim/simgrid/direct_network.hpp"

#include "sim/simgrid/network_model.hpp"

#include <cassert>
#include <utility>

namespace kvferry::sim {
namespace {

using simgrid::kernel::resource::Action;
using simgrid::kernel::resource::NetworkModel;

NetworkModel& network_model_of(const Fabric& fabric) {
  return static_cast<NetworkModel&>(*fabric.get_iface()->get_network_model());
}

// SimGrid takes 0 for no bound, too.
double bound_of(std::optional<BytesPerSecond> cap) {
  assert(!cap || cap->value > 0);
  return cap ? cap->value : -1;
}

// SimGrid 3.32 calls an action's data deprecated, and asks to speak up if one needs it: it is how an
// action that ends is known again.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void set_data(Action& action, void* data) {
  action.set_data(data);
}
void* data_of(const Action& action) {
  return action.get_data();
}
#pragma GCC diagnostic pop

}  // namespace

// Registered after the event queue's callback: what ends at a date is scheduled behind the events
// that the queue holds for that date, as it is with CommNetwork.
DirectNetwork::DirectNetwork(Fabric& fabric, EventQueue& events)
    : fabric_(fabric), model_(network_model_of(fabric)), flows_(events) {
  simgrid::s4u::Engine::on_time_advance_cb([this](double) {
    collect_ended();
    flows_.report_ended();
  });
}

FlowHandle DirectNetwork::start(const FlowSpec& spec, FlowEnd on_end) {
  assert(spec.size.value > 0 && spec.from != spec.to);
  Flows::Flow& flow = flows_.add(spec, std::move(on_end));
  fabric_.set_path(spec.path);
  flow.carrier = model_.communicate(fabric_.host(spec.from), fabric_.host(spec.to), flow.size,
                                    bound_of(spec.cap));
  assert(flow.carrier->get_state() != Action::State::FAILED && "all links of the path are up");
  set_data(*flow.carrier, &flow);
  return Flows::handle_of(flow);
}

void DirectNetwork::cancel(FlowHandle handle) {
  Flows::Flow* const flow = flows_.find(handle);
  if (flow == nullptr) return;
  if (flow->under_way) {
    flow->carrier->cancel();
    flow->carrier->unref();
  }
  flows_.remove(*flow);
}

double DirectNetwork::left(FlowHandle handle) const {
  const Flows::Flow& flow = flows_[handle];
  return flow.under_way ? flow.carrier->get_remains() / flow.size : flow.report.left;
}

void DirectNetwork::set_cap(FlowHandle handle, std::optional<BytesPerSecond> cap) {
  const Flows::Flow& flow = flows_[handle];
  if (flow.under_way) flow.carrier->set_bound(bound_of(cap));
}

void DirectNetwork::set_capacity(topologies::LinkId link, BytesPerSecond capacity) {
  fabric_.set_capacity(link, capacity);
}

// SimGrid updates what is left only when it looks at a flow, and looks at no broken one. What it
// breaks is collected at once: elsewhere SimGrid would look for the activities of these actions.
void DirectNetwork::set_up(topologies::LinkId link, bool up) {
  if (!up) {
    flows_.for_each_under_way_over(
        link, [&](Flows::Flow& flow) { flow.report.left = left(Flows::handle_of(flow)); });
  }
  fabric_.set_up(link, up);
  collect_ended();
}

void DirectNetwork::collect_ended() {
  while (Action* action = model_.extract_failed_action()) take(action, false);
  while (Action* action = model_.extract_done_action()) take(action, true);
}

void DirectNetwork::take(Action* action, bool delivered) {
  auto* flow = static_cast<Flows::Flow*>(data_of(*action));
  flow->carrier = nullptr;
  flows_.ended(*flow, delivered);
  action->unref();
}

}  // namespace kvferry::sim
