#include "sim/links.hpp"

#include <algorithm>
#include <limits>

namespace kvferry::sim {

using topologies::LinkId;

Links::Links(const topologies::Topology& topology) : carried_(topology.links.size()) {
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

void Links::flow_started(std::span<const LinkId> path) {
  for (const LinkId link : path) ++at(link).flows;
}

void Links::flow_ended(std::span<const LinkId> path, Bytes sent, Seconds, Seconds) {
  for (const LinkId link : path) {
    --at(link).flows;
    carried_[static_cast<std::size_t>(link)] += sent;
  }
}

BytesPerSecond Links::share_of_one_more(std::span<const LinkId> path) const {
  BytesPerSecond share{std::numeric_limits<double>::infinity()};
  for (const LinkId link : path) {
    const State& state = (*this)[link];
    share = std::min(share, BytesPerSecond{state.capacity.value / (state.flows + 1)});
  }
  return share;
}

}  // namespace kvferry::sim
