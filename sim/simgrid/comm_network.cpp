#include "sim/simgrid/comm_network.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvferry::sim {

CommNetwork::CommNetwork(Fabric& fabric, EventQueue& events) : fabric_(fabric), events_(events) {
  simgrid::s4u::Activity::on_completion_cb(
      [this](const simgrid::s4u::Activity& activity) { completed(activity); });
}

FlowHandle CommNetwork::start(const FlowSpec& spec, FlowEnd on_end) {
  assert(spec.size.value > 0 && spec.from != spec.to && !spec.cap);
  Flow& flow = take_unused();
  flow.sequence = next_sequence_++;
  flow.size = static_cast<double>(spec.size.value);
  flow.on_end = std::move(on_end);
  flow.communication = simgrid::s4u::Comm::sendto_init();
  flow.communication->set_payload_size(static_cast<std::uint64_t>(spec.size.value));
  flow.communication->set_data(&flow);
  fabric_.set_path(spec.path);
  flow.communication->set_source(fabric_.host(spec.from))
      ->set_destination(fabric_.host(spec.to));  // starts it
  return {flow.slot, flow.sequence};
}

// Flows come and go by the million: the memory of those that have ended is used again.
CommNetwork::Flow& CommNetwork::take_unused() {
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(flows_.size()));
    flows_.push_back(std::make_unique<Flow>());
    flows_.back()->slot = unused_.back();
  }
  Flow& flow = *flows_[unused_.back()];
  unused_.pop_back();
  return flow;
}

void CommNetwork::cancel(FlowHandle handle) {
  Flow& flow = *flows_[handle.slot];
  if (handle.sequence == 0 || flow.sequence != handle.sequence) return;
  flow.sequence = 0;
  flow.on_end = nullptr;
  flow.communication->cancel();
  flow.communication.reset();
  unused_.push_back(flow.slot);
}

double CommNetwork::left(FlowHandle handle) const {
  const Flow& flow = *flows_[handle.slot];
  return flow.communication->get_remaining() / flow.size;
}

void CommNetwork::set_cap(FlowHandle, std::optional<BytesPerSecond>) {
  assert(false && "limits_rates() says no");
}

void CommNetwork::set_capacity(topologies::LinkId link, BytesPerSecond capacity) {
  fabric_.link(link)->set_bandwidth(capacity.value);
}

void CommNetwork::set_up(topologies::LinkId link, bool up) {
  if (up) {
    fabric_.link(link)->turn_on();
    return;
  }
  for (const auto& flow : flows_) {
    if (flow->sequence != 0 && flow->communication != nullptr)
      flow->report.left = left({flow->slot, flow->sequence});
  }
  fabric_.link(link)->turn_off();
}

void CommNetwork::completed(const simgrid::s4u::Activity& activity) {
  auto* flow = activity.get_data<Flow>();
  if (flow->sequence == 0) return;  // cancelled; SimGrid says so twice
  const bool delivered = activity.get_state() == simgrid::s4u::Activity::State::FINISHED;
  flow->report.delivered = delivered;
  if (delivered) flow->report.left = 0;  // otherwise set_up() has noted it
  // SimGrid still uses the communication during this callback: it is released when the flow is
  // reported.
  ended_.push_back(flow);
  if (ended_.size() == 1) {
    events_.at(events_.now(), EventPriority::transfer, [this] { report_ended_flows(); });
  }
}

void CommNetwork::report_ended_flows() {
  std::swap(reported_, ended_);
  std::sort(reported_.begin(), reported_.end(),
            [](const Flow* a, const Flow* b) { return a->sequence < b->sequence; });
  for (Flow* flow : reported_) {
    if (flow->sequence == 0) continue;  // cancelled by an earlier one's report
    flow->sequence = 0;
    flow->communication.reset();
    const FlowEnd on_end = std::move(flow->on_end);
    const FlowReport report = flow->report;
    unused_.push_back(flow->slot);  // may be the next to start
    on_end(report);
  }
  reported_.clear();
}

}  // namespace kvferry::sim
