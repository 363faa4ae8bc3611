#include "sim/links.hpp"

#include <algorithm>
#include <limits>

namespace kvferry::sim {

using topologies::LinkId;

Links::Links(const topologies::Topology& topology, std::int32_t incast_flows)
    : accounts_(topology.links.size()),
      timelines_(topology.links.size()),
      incast_(topology, incast_flows) {
  states_.reserve(topology.links.size());
  for (const topologies::Link& link : topology.links) states_.push_back({link.capacity});
}

bool Links::all_up(std::span<const LinkId> path) const {
  return std::ranges::all_of(path, [&](LinkId link) { return (*this)[link].up; });
}

void Links::set_capacity(LinkId link, BytesPerSecond capacity) {
  at(link).capacity = capacity;
}

void Links::set_up(LinkId link, bool up) {
  at(link).up = up;
}

LinkUse Links::continued(const Account& account, std::int32_t flows, Seconds now) {
  LinkUse use = account.use;
  if (flows > 0) use.busy += now - account.until;
  if (flows > 1) use.shared += now - account.until;
  return use;
}

void Links::change_flows(LinkId link, std::int32_t by, Seconds now) {
  State& state = at(link);
  Account& account = accounts_[static_cast<std::size_t>(link)];
  account.use = continued(account, state.flows, now);
  account.until = now;
  state.flows += by;
  account.use.peak_flows = std::max(account.use.peak_flows, state.flows);
}

void Links::flow_started(const Passage& flow) {
  for (const LinkId link : flow.path) change_flows(link, +1, flow.started);
  incast_.flow_started(flow.path, flow.from, flow.started);
}

void Links::flow_ended(const Passage& flow, Bytes sent, Seconds now) {
  for (const LinkId link : flow.path) {
    change_flows(link, -1, now);
    accounts_[static_cast<std::size_t>(link)].use.carried += sent;
  }
  timelines_.add(flow.path, sent, flow.started, now);
  incast_.flow_ended(flow.path, flow.from, now);
}

BytesPerSecond Links::share_of_one_more(std::span<const LinkId> path) const {
  BytesPerSecond share{std::numeric_limits<double>::infinity()};
  for (const LinkId link : path) {
    const State& state = (*this)[link];
    share = std::min(share, BytesPerSecond{state.capacity.value / (state.flows + 1)});
  }
  return share;
}

NetworkUse Links::use(Seconds now) const {
  NetworkUse use;
  use.links.reserve(states_.size());
  for (std::size_t i = 0; i < states_.size(); ++i)
    use.links.push_back(continued(accounts_[i], states_[i].flows, now));
  use.timelines = timelines_.of_used_links();
  use.bin = timelines_.bin();
  use.incast = incast_.use(now);
  return use;
}

}  // namespace kvferry::sim
