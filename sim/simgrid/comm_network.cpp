#include "sim/simgrid/comm_network.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvferry::sim {

CommNetwork::CommNetwork(const topologies::Topology& topology, const Fabric& fabric,
                         EventQueue& events)
    : topology_(topology), fabric_(fabric), events_(events), link_bytes_(topology.links.size()) {
  simgrid::s4u::Activity::on_completion_cb(
      [this](const simgrid::s4u::Activity& activity) { completed(activity); });
}

void CommNetwork::start(topologies::GpuId from, topologies::GpuId to, Bytes size, FlowEnd on_end) {
  assert(size.value > 0 && from != to);
  Flow* flow = take_unused();  // owned by ended_ once it has ended
  flow->sequence = next_sequence_++;
  topology_.append_route(from, to, flow->path);
  flow->size = size;
  flow->on_end = std::move(on_end);
  flow->communication = simgrid::s4u::Comm::sendto_init();
  flow->communication->set_payload_size(static_cast<std::uint64_t>(size.value));
  flow->communication->set_data(flow);
  flow->communication->set_source(fabric_.host(from))
      ->set_destination(fabric_.host(to));  // starts it
}

// Flows come and go by the million: the memory of those that have ended is used again.
CommNetwork::Flow* CommNetwork::take_unused() {
  if (unused_.empty()) return new Flow{};
  Flow* flow = unused_.back().release();
  unused_.pop_back();
  flow->path.clear();
  return flow;
}

void CommNetwork::completed(const simgrid::s4u::Activity& activity) {
  // SimGrid still uses the communication during this callback: it is released when the flow is
  // reported.
  ended_.emplace_back(activity.get_data<Flow>());
  if (ended_.size() == 1) {
    events_.at(events_.now(), EventPriority::transfer, [this] { report_ended_flows(); });
  }
}

void CommNetwork::report_ended_flows() {
  std::swap(reported_, ended_);
  std::sort(reported_.begin(), reported_.end(),
            [](const auto& a, const auto& b) { return a->sequence < b->sequence; });
  for (auto& flow : reported_) {
    for (const topologies::LinkId link : flow->path)
      link_bytes_[static_cast<std::size_t>(link)] += flow->size;
    flow->communication.reset();
    const FlowEnd on_end = std::move(flow->on_end);
    unused_.push_back(std::move(flow));  // may be the next to start
    on_end();
  }
  reported_.clear();
}

}  // namespace kvferry::sim
