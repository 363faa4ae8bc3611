#include "sim/incast.hpp"

#include <algorithm>

namespace kvferry::sim {

using topologies::GpuId;
using topologies::LinkId;

IncastWatch::IncastWatch(const topologies::Topology& topology, std::int32_t flows)
    : limit_(static_cast<std::size_t>(flows)), senders_(topology.links.size()) {
  for (const topologies::Link& link : topology.links)
    leads_to_nic_.push_back(link.to < 0 || topologies::enters_node(topology, link));
}

// Inside a node there may be none.
IncastWatch::Senders* IncastWatch::senders_at_receiver(std::span<const LinkId> path) {
  for (auto link = path.rbegin(); link != path.rend(); ++link) {
    const auto i = static_cast<std::size_t>(*link);
    if (leads_to_nic_[i]) return &senders_[i];
  }
  return nullptr;
}

void IncastWatch::account(Seconds now) {
  use_ = use(now);
  until_ = now;
}

void IncastWatch::flow_started(std::span<const LinkId> path, GpuId from, Seconds now) {
  Senders* senders = senders_at_receiver(path);
  if (senders == nullptr) return;
  const auto known = std::ranges::find(*senders, from, &Sender::gpu);
  if (known != senders->end()) {
    ++known->flows;
    return;
  }
  senders->push_back({from, 1});
  if (senders->size() != limit_) return;
  account(now);
  ++crowded_;
  ++use_.events;
}

void IncastWatch::flow_ended(std::span<const LinkId> path, GpuId from, Seconds now) {
  Senders* senders = senders_at_receiver(path);
  if (senders == nullptr) return;
  const auto sender = std::ranges::find(*senders, from, &Sender::gpu);
  if (--sender->flows > 0) return;
  *sender = senders->back();
  senders->pop_back();
  if (senders->size() + 1 != limit_) return;
  account(now);
  --crowded_;
}

IncastUse IncastWatch::use(Seconds now) const {
  IncastUse use = use_;
  use.time += (now - until_) * static_cast<double>(crowded_);
  return use;
}

}  // namespace kvferry::sim
