#include "sim/lane_shipper.hpp"

#include "sim/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kvferry::sim {
namespace {

bool limits_rate(const TransferEngine& engine) {
  return engine.rate || engine.small || engine.packing || engine.per_descriptor.value > 0 ||
         engine.serial_per_descriptor.value > 0;
}

std::optional<BytesPerSecond> tighter(std::optional<BytesPerSecond> a,
                                      std::optional<BytesPerSecond> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

Bytes at_least_one(double bytes) {
  return {std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(bytes)))};
}

}  // namespace

LaneShipper::LaneShipper(EventLoop& loop, Transport& transport, HandoffTable& handoffs,
                         const TransferConfig& config, Callbacks callbacks)
    : loop_(loop),
      transport_(transport),
      handoffs_(handoffs),
      config_(config),
      callbacks_(std::move(callbacks)),
      engine_is_plain_(config.engine.efficiency == 1 && !limits_rate(config.engine)) {
  if (limits_rate(config.engine) && !transport.limits_rates()) {
    throw InputError("transfer engine '" + config.engine.name +
                     "' limits the rate of flows, which this network back-end cannot");
  }
  const auto nics = static_cast<std::size_t>(transport.topology().nic_count);
  gates_.assign(nics, FlowGate(config.engine.in_flight.value_or(config.flows_per_nic)));
  transport.when_a_link_is_up([this] { retry_stranded(); });
}

// The NIC of the side that starts the transfer.
FlowGate& LaneShipper::gate_of(const Lane& lane) {
  const topologies::GpuId gpu = config_.initiator == Initiator::push ? lane.from : lane.to;
  const topologies::NicId nic = transport_.topology().nic_of_gpu[static_cast<std::size_t>(gpu)];
  return gates_[static_cast<std::size_t>(nic)];
}

Seconds LaneShipper::idle_time(const Lane& lane, Bytes size, std::int64_t descriptors) const {
  return wire_time(config_.engine, size, descriptors, transport_.line_rate(lane.from, lane.to));
}

// The share of the line rate that the engine does not reach is bytes that others cannot send either;
// what it loses to descriptors leaves the wire to others.
void LaneShipper::ship(Lane& lane, Bytes size, std::int64_t descriptors,
                       std::optional<BytesPerSecond> cap) {
  Shipping& shipping = lane.shipping;
  shipping.payload = size;
  shipping.whole = size;
  shipping.cap = std::nullopt;
  if (!engine_is_plain_) {
    shipping.whole = at_least_one(static_cast<double>(size.value) / config_.engine.efficiency);
    if (limits_rate(config_.engine)) {
      const Seconds alone = idle_time(lane, size, descriptors);
      shipping.cap = BytesPerSecond{static_cast<double>(shipping.whole.value) / alone.value};
    }
  }
  shipping.left = shipping.whole;
  shipping.source_cap = cap;
  if (shipping.has_place) {
    start_flow(lane);
    return;
  }
  gate_of(lane).enter(&lane, [this, &lane] {
    lane.shipping.has_place = true;
    connect(lane);
  });
}

// When the connection between the lane's ends is there; the first to ask sets it up.
Seconds LaneShipper::connected(const Lane& lane) {
  const std::uint64_t pair =
      (static_cast<std::uint64_t>(lane.from) << 32U) | static_cast<std::uint32_t>(lane.to);
  return connections_.try_emplace(pair, loop_.now() + config_.engine.connection_setup)
      .first->second;
}

void LaneShipper::connect(Lane& lane) {
  if (config_.engine.connection_setup.value == 0) {
    start_flow(lane);
    return;
  }
  const Seconds ready = connected(lane);
  if (ready <= loop_.now()) {
    start_flow(lane);
    return;
  }
  start_at(lane, ready);
}

void LaneShipper::start_at(Lane& lane, Seconds when) {
  HandoffTable::expect(*lane.handoff);
  lane.shipping.next_start = loop_.at(when, EventPriority::transfer, [this, &lane] {
    lane.shipping.next_start = {};
    if (handoffs_.wakes(*lane.handoff)) start_flow(lane);
  });
}

void LaneShipper::start_flow(Lane& lane) {
  Shipping& shipping = lane.shipping;
  if (before_start_) before_start_(lane);
  shipping.started = loop_.now();
  const auto salt = static_cast<std::uint64_t>(lane.handoff->request->record.request_id);
  const auto flow = transport_.send(
      {lane.from, lane.to, shipping.left, salt, tighter(shipping.cap, shipping.source_cap)},
      [this, &lane](const FlowReport& report) { flow_ended(lane, report); });
  if (flow) {
    shipping.stranded_since = kNever;
    shipping.flow = *flow;
  } else {
    strand(lane);
  }
}

void LaneShipper::flow_ended(Lane& lane, const FlowReport& report) {
  Shipping& shipping = lane.shipping;
  shipping.flow = {};
  lane.network += loop_.now() - shipping.started;
  if (report.delivered) {
    lane.delivered += std::exchange(shipping.payload, {});
    callbacks_.on_sent(lane);
    return;
  }
  shipping.left = config_.retry.resume
                      ? at_least_one(static_cast<double>(shipping.left.value) * report.left)
                      : shipping.whole;
  broken(lane);
}

void LaneShipper::broken(Lane& lane) {
  const std::int32_t tries = ++lane.shipping.tries;
  if (tries > config_.retry.limit) {
    callbacks_.on_given_up(lane);
    return;
  }
  ++lane.handoff->retries;
  start_at(lane, loop_.now() + config_.retry.backoff * std::ldexp(1, tries - 1));
}

void LaneShipper::strand(Lane& lane) {
  lane.shipping.is_stranded = true;
  if (lane.shipping.stranded_since == kNever) lane.shipping.stranded_since = loop_.now();
  stranded_.push_back(&lane);
  HandoffTable::expect(*lane.handoff);
  const Seconds end = lane.shipping.stranded_since + config_.retry.patience;
  lane.shipping.out_of_patience =
      loop_.at(std::max(end, loop_.now()), EventPriority::transfer, [this, &lane] {
        if (!handoffs_.wakes(*lane.handoff)) return;
        lane.shipping.is_stranded = false;
        std::erase(stranded_, &lane);
        callbacks_.on_given_up(lane);
      });
}

void LaneShipper::leave_strand(Lane& lane) {
  lane.shipping.is_stranded = false;
  loop_.cancel(lane.shipping.out_of_patience);
  HandoffTable::expect_no_more(*lane.handoff);
}

void LaneShipper::retry_stranded() {
  std::vector<Lane*> lanes;
  std::swap(lanes, stranded_);
  for (Lane* lane : lanes) {
    leave_strand(*lane);
    start_flow(*lane);
  }
}

void LaneShipper::complete(Lane& lane) {
  lane.shipping.has_place = false;
  gate_of(lane).leave();
}

// Back-offs can be long: what was given up must not keep the clock running until they end.
void LaneShipper::drop(Lane& lane) {
  Shipping& shipping = lane.shipping;
  if (shipping.payload.value > 0) {
    const double sent = static_cast<double>(shipping.payload.value) * (1 - left(lane));
    lane.delivered += Bytes{static_cast<std::int64_t>(sent)};
  }
  transport_.cancel(shipping.flow);
  shipping.flow = {};
  if (shipping.next_start.sequence != 0) {
    loop_.cancel(std::exchange(shipping.next_start, {}));
    HandoffTable::expect_no_more(*lane.handoff);
  }
  if (shipping.is_stranded) {
    std::erase(stranded_, &lane);
    leave_strand(lane);
  }
  if (shipping.has_place) {
    complete(lane);
  } else {
    gate_of(lane).forget(&lane);
  }
}

void LaneShipper::set_source_cap(Lane& lane, std::optional<BytesPerSecond> cap) {
  Shipping& shipping = lane.shipping;
  shipping.source_cap = cap;
  if (shipping.flow.sequence != 0)
    transport_.set_cap(shipping.flow, tighter(shipping.cap, shipping.source_cap));
}

double LaneShipper::left(const Lane& lane) const {
  const Shipping& shipping = lane.shipping;
  const double share =
      static_cast<double>(shipping.left.value) / static_cast<double>(shipping.whole.value);
  return shipping.flow.sequence == 0 ? share : share * transport_.left(shipping.flow);
}

}  // namespace kvferry::sim
