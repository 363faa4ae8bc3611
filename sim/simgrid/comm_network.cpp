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
  auto* flow = new Flow{next_sequence_++, topology_.route(from, to), size, std::move(on_end),
                        simgrid::s4u::Comm::sendto_init()};  // owned by ended_ once it has ended
  flow->communication->set_payload_size(static_cast<std::uint64_t>(size.value));
  flow->communication->set_data(flow);
  flow->communication->set_source(fabric_.host(from))
      ->set_destination(fabric_.host(to));  // starts it
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
  std::vector<std::unique_ptr<Flow>> ended;
  std::swap(ended, ended_);
  std::sort(ended.begin(), ended.end(),
            [](const auto& a, const auto& b) { return a->sequence < b->sequence; });
  for (const auto& flow : ended) {
    for (const topologies::LinkId link : flow->path)
      link_bytes_[static_cast<std::size_t>(link)] += flow->size;
    flow->on_end();
  }
}

}  // namespace kvferry::sim
