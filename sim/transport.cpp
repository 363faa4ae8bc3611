#include "sim/transport.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace kvferry::sim {

using topologies::GpuId;
using topologies::LinkId;

namespace {

// SplitMix64's mixing function: neighbours in, unrelated numbers out.
constexpr std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

std::int32_t hashed_choice(GpuId from, GpuId to, std::uint64_t salt, std::int32_t count) {
  const std::uint64_t ends =
      (static_cast<std::uint64_t>(from) << 32U) | static_cast<std::uint32_t>(to);
  return static_cast<std::int32_t>(mixed(ends ^ mixed(salt)) % static_cast<std::uint64_t>(count));
}

}  // namespace

Transport::Transport(EventLoop& loop, Network& network, const topologies::Topology& topology,
                     PathPolicy policy, std::int32_t incast_flows)
    : loop_(loop),
      network_(network),
      topology_(topology),
      policy_(policy),
      links_(topology, incast_flows) {}

// From the hashed path on, the first that is up; with `adaptive` the best of all.
bool Transport::choose_path(const Shipment& shipment, std::vector<LinkId>& path) const {
  const std::int32_t count = topology_.path_count(shipment.from, shipment.to);
  if (count == 0) return false;
  const std::int32_t hashed =
      count == 1 ? 0 : hashed_choice(shipment.from, shipment.to, shipment.salt, count);
  std::int32_t best = -1;
  BytesPerSecond best_share{};
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t choice = (hashed + i) % count;
    path.clear();
    topology_.append_path(shipment.from, shipment.to, choice, path);
    if (!links_.all_up(path)) continue;
    if (policy_ == PathPolicy::ecmp || count == 1) return true;
    const BytesPerSecond share = links_.share_of_one_more(path);
    if (best >= 0 && share <= best_share) continue;
    best = choice;
    best_share = share;
  }
  if (best < 0) return false;
  path.clear();
  topology_.append_path(shipment.from, shipment.to, best, path);
  return true;
}

std::uint32_t Transport::take_place() {
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(underway_.size()));
    underway_.emplace_back();
  }
  const std::uint32_t place = free_places_.back();
  free_places_.pop_back();
  return place;
}

std::optional<FlowHandle> Transport::send(const Shipment& shipment, ShipmentEnd on_end) {
  const std::uint32_t place = take_place();
  Underway& flow = underway_[place];
  if (!choose_path(shipment, flow.path)) {
    free_places_.push_back(place);
    return std::nullopt;
  }
  ++flows_;
  flow.from = shipment.from;
  flow.size = shipment.size;
  flow.started = loop_.now();
  flow.sequence = next_sequence_++;
  flow.on_end = std::move(on_end);
  links_.flow_started({flow.path, flow.from, flow.started});
  flow.flow = network_.start({shipment.from, shipment.to, shipment.size, flow.path, shipment.cap},
                             [this, place](const FlowReport& report) { ended(place, report); });
  return FlowHandle{place, flow.sequence};
}

void Transport::leave_place(std::uint32_t place) {
  underway_[place].sequence = 0;
  underway_[place].on_end = nullptr;
  free_places_.push_back(place);
}

void Transport::account(const Underway& flow, double left) {
  const double sent = static_cast<double>(flow.size.value) * (1 - left);
  links_.flow_ended({flow.path, flow.from, flow.started}, {std::llround(sent)}, loop_.now());
}

void Transport::ended(std::uint32_t place, const FlowReport& report) {
  account(underway_[place], report.left);
  const ShipmentEnd on_end = std::move(underway_[place].on_end);
  leave_place(place);
  on_end(report);
}

void Transport::cancel(FlowHandle handle) {
  if (handle.sequence == 0 || underway_[handle.slot].sequence != handle.sequence) return;
  const Underway& flow = underway_[handle.slot];
  account(flow, network_.left(flow.flow));
  network_.cancel(flow.flow);
  leave_place(handle.slot);
}

double Transport::left(FlowHandle handle) const {
  return network_.left(underway_[handle.slot].flow);
}

void Transport::set_cap(FlowHandle handle, std::optional<BytesPerSecond> cap) {
  network_.set_cap(underway_[handle.slot].flow, cap);
}

Seconds Transport::latency(GpuId from, GpuId to) const {
  path_.clear();
  topology_.append_path(from, to, 0, path_);
  return path_latency(topology_, path_);
}

BytesPerSecond Transport::line_rate(GpuId from, GpuId to) const {
  path_.clear();
  topology_.append_path(from, to, 0, path_);
  BytesPerSecond least{std::numeric_limits<double>::infinity()};
  for (const LinkId link : path_)
    least = std::min(least, topology_.links[static_cast<std::size_t>(link)].capacity);
  return least;
}

BytesPerSecond Transport::expected_rate(GpuId from, GpuId to, std::uint64_t salt) const {
  path_.clear();
  if (!choose_path({from, to, {1}, salt}, path_)) return {0};
  return links_.share_of_one_more(path_);
}

void Transport::set_capacity(LinkId link, BytesPerSecond capacity) {
  links_.set_capacity(link, capacity);
  if (links_[link].up) network_.set_capacity(link, capacity);
}

void Transport::set_up(LinkId link, bool up) {
  if (links_[link].up == up) return;
  links_.set_up(link, up);
  network_.set_up(link, up);
  if (!up) return;
  network_.set_capacity(link, links_[link].capacity);
  if (on_link_up_) on_link_up_();
}

}  // namespace kvferry::sim
