#include "sim/fluid_pipeline.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace kvferry::sim {
namespace {

double sent_bytes(const Lane& lane, const LaneShipper& shipper) {
  return static_cast<double>(lane.handoff->lane_wire.value) * (1 - shipper.left(lane));
}

std::int64_t descriptors(const Handoff& handoff) {
  std::int64_t sum = 0;
  for (const HandoffChunk& chunk : handoff.chunks) sum += chunk.descriptors;
  return sum;
}

// Bytes that prefill had computed and nobody encodes are there from the beginning.
bool is_there(const Endpoint& sender, Seconds now) {
  return !sender.handoff->compressed && sender.computed.end <= now;
}

}  // namespace

FluidPipeline::FluidPipeline(PipelineContext context, const topologies::Topology& topology)
    : context_(std::move(context)), topology_(topology) {
  for (topologies::GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    encoders_.emplace_back(context_.queues.encoder(gpu));
    decoders_.emplace_back(context_.queues.decoder(gpu), context_.shipper);
  }
  leaving_.resize(node(topology.gpu_count) + 1);
  entering_.resize(leaving_.size());
  context_.shipper.before_a_flow_starts([this](Lane& lane) {
    rates_change(lane);
    stop_looking(lane);
    lane.pacing.is_held = false;
    pace(lane);
  });
}

void FluidPipeline::begin(Handoff& handoff, Seconds first_send) {
  for (const HandoffChunk& chunk : handoff.chunks) handoff.lane_wire += chunk.wire;
  if (handoff.compressed) {
    for (Endpoint& receiver : handoff.receivers)
      decoder(receiver.gpu).add(receiver, context_.loop.now());
  }
  for (Endpoint& sender : handoff.senders) {
    encode(sender);
    set_out(sender, first_send);
  }
}

void FluidPipeline::encode(Endpoint& sender) {
  const Seconds now = context_.loop.now();
  if (is_there(sender, now)) return;
  if (sender.handoff->compressed) {
    encoder(sender).add(sender, now);
    return;
  }
  const std::size_t all = sender.handoff->chunks.size();
  for (std::size_t i = 0; i < all; ++i)
    sender.encoded.push_back(std::max(now, sender.computed.computed(i + 1, all)));
}

// Another hand-off may have joined the encoder since, and put the first chunk off.
void FluidPipeline::set_out(Endpoint& sender, Seconds first_send) {
  const Seconds start =
      sender.encoded.empty() ? first_send : std::max(sender.encoded.front(), first_send);
  if (start <= context_.loop.now()) {
    for (const std::size_t i : sender.lanes) ship(sender.handoff->lanes[i]);
    return;
  }
  HandoffTable::expect(*sender.handoff);
  context_.loop.at(start, EventPriority::transfer, [this, &sender] {
    if (context_.handoffs.wakes(*sender.handoff)) set_out(sender, context_.loop.now());
  });
}

void FluidPipeline::ship(Lane& lane) {
  find_line_rate(lane);
  if (lane.handoff->compressed) follow(lane);
  context_.shipper.ship(lane, lane.handoff->lane_wire, descriptors(*lane.handoff));
}

void FluidPipeline::pace(Lane& lane) {
  const Endpoint& sender = lane.handoff->senders[lane.sender];
  const double sent = sent_bytes(lane, context_.shipper);
  leave_out_held_time(lane, sent);
  Pace pace;
  if (sender.encoded.size() > 1) {
    const Production production{sender.encoded, lane.handoff->chunks};
    pace = next_pace(production, sent, context_.loop.now(), lane.pacing.line_rate,
                     look_interval(production));
  }
  hold(lane, pace, sent);
  if (pace.until) look_later(lane, *pace.until);
}

// The shipper counts what the transfer engine adds as bytes, too, and takes them for one transfer.
void FluidPipeline::hold(Lane& lane, const Pace& pace, double sent) {
  Pacing& pacing = lane.pacing;
  std::optional<BytesPerSecond> cap = pace.cap;
  if (pacing.is_slower_in_chunks) cap = std::min(cap.value_or(pacing.line_rate), pacing.line_rate);
  if (cap) {
    *cap = *cap * (static_cast<double>(lane.shipping.whole.value) /
                   static_cast<double>(lane.handoff->lane_wire.value));
  }
  if (cap != lane.shipping.source_cap) context_.shipper.set_source_cap(lane, cap);
  pacing.is_held = pace.cap.has_value();
  pacing.held_since = context_.loop.now();
  pacing.sent_before = sent;
}

void FluidPipeline::look_later(Lane& lane, Seconds when) {
  HandoffTable::expect(*lane.handoff);
  lane.pacing.look = context_.loop.at(when, EventPriority::transfer, [this, &lane] {
    if (!context_.handoffs.wakes(*lane.handoff)) return;
    lane.pacing.look = {};
    rates_change(lane);
    pace(lane);
  });
}

void FluidPipeline::stop_looking(Lane& lane) {
  EventHandle& look = lane.pacing.look;
  if (look.sequence == 0) return;
  context_.loop.cancel(std::exchange(look, {}));
  HandoffTable::expect_no_more(*lane.handoff);
}

// A chunk that waits to be encoded is not on the wire: chunks would have gone at the line rate.
void FluidPipeline::leave_out_held_time(Lane& lane, double sent) {
  const Pacing& pacing = lane.pacing;
  if (!pacing.is_held || lane.shipping.flow.sequence == 0) return;
  const double on_wire_s = (sent - pacing.sent_before) / lane.pacing.line_rate.value;
  const double held_s = (context_.loop.now() - pacing.held_since).value;
  lane.network += Seconds{std::min(0.0, on_wire_s - held_s)};
}

// Chunks are seldom of more than two sizes.
void FluidPipeline::find_line_rate(Lane& lane) {
  const Handoff& handoff = *lane.handoff;
  const LaneShipper& shipper = context_.shipper;
  Seconds alone{};
  Seconds last{};
  const HandoffChunk* previous = nullptr;
  for (const HandoffChunk& chunk : handoff.chunks) {
    if (previous == nullptr || chunk.wire != previous->wire ||
        chunk.descriptors != previous->descriptors)
      last = shipper.idle_time(lane, chunk.wire, chunk.descriptors);
    previous = &chunk;
    alone += last;
  }
  const Seconds at_once = shipper.idle_time(lane, handoff.lane_wire, descriptors(handoff));
  constexpr double kRounding = 1e-9;
  lane.pacing.line_rate = {static_cast<double>(handoff.lane_wire.value) / alone.value};
  lane.pacing.is_slower_in_chunks = alone > at_once * (1 + kRounding);
}

// A decoder several times as fast as the line has no queue to speak of, whenever chunks arrive.
void FluidPipeline::follow(Lane& lane) {
  constexpr double kFast = 4;
  const Handoff& handoff = *lane.handoff;
  Seconds decode{};
  for (const HandoffChunk& chunk : handoff.chunks) decode += chunk.decode;
  lane.pacing.is_followed = decode * kFast > handoff.lane_wire / lane.pacing.line_rate;
  if (!lane.pacing.is_followed) return;
  leaving_[node(lane.from)].push_back(&lane);
  entering_[node(lane.to)].push_back(&lane);
}

void FluidPipeline::follow_no_more(Lane& lane) {
  if (!lane.pacing.is_followed) return;
  std::erase(leaving_[node(lane.from)], &lane);
  std::erase(entering_[node(lane.to)], &lane);
}

// Of this lane, and with it of those that share a link with it.
void FluidPipeline::rates_change(const Lane& lane) {
  const auto look = [&](const Lane& other) {
    decoder(other.to).follow(other.handoff->receivers[other.receiver], context_.loop.now());
  };
  for (const Lane* other : leaving_[node(lane.from)]) look(*other);
  for (const Lane* other : entering_[node(lane.to)]) look(*other);
  if (lane.handoff->compressed) look(lane);
}

// A path that has become faster than its line rate may have let the flow overtake the encoder.
void FluidPipeline::sent(Lane& lane) {
  Handoff& handoff = *lane.handoff;
  const Endpoint& sender = handoff.senders[lane.sender];
  if (!sender.encoded.empty() && sender.encoded.back() > context_.loop.now()) {
    stop_looking(lane);
    HandoffTable::expect(handoff);
    context_.loop.at(sender.encoded.back(), EventPriority::transfer, [this, &lane] {
      if (context_.handoffs.wakes(*lane.handoff)) sent(lane);
    });
    return;
  }
  lane.sent = handoff.chunks.size();
  stop_looking(lane);
  rates_change(lane);
  follow_no_more(lane);
  HandoffTable::expect(handoff);
  context_.loop.at(context_.loop.now() + context_.shipper.delay(lane), EventPriority::transfer,
                   [this, &lane] {
                     if (context_.handoffs.wakes(*lane.handoff)) arrived(lane);
                   });
  context_.shipper.complete(lane);
  context_.on_lane_sent(lane);
}

void FluidPipeline::arrived(Lane& lane) {
  Handoff& handoff = *lane.handoff;
  Endpoint& receiver = handoff.receivers[lane.receiver];
  if (++receiver.delivery.lanes_arrived < receiver.lanes.size()) return;
  if (!handoff.compressed) {
    decoded(handoff);
    return;
  }
  const Seconds end = decoder(receiver.gpu).finish(receiver, context_.loop.now());
  HandoffTable::expect(handoff);
  context_.loop.at(end, EventPriority::transfer, [this, &handoff] {
    if (context_.handoffs.wakes(handoff)) decoded(handoff);
  });
}

void FluidPipeline::decoded(Handoff& handoff) {
  if (++handoff.receivers_done < handoff.receivers.size()) return;
  if (handoff.compressed) {
    for (Endpoint& sender : handoff.senders) encoder(sender).settle(context_.loop.now());
  }
  context_.on_complete(handoff);
}

void FluidPipeline::abandoned(Handoff& handoff) {
  for (Lane& lane : handoff.lanes) {
    stop_looking(lane);
    follow_no_more(lane);
  }
  if (!handoff.compressed) return;
  for (const Endpoint& sender : handoff.senders)
    encoder(sender).forget(sender, context_.loop.now());
  for (const Endpoint& receiver : handoff.receivers) {
    decoder(receiver.gpu).settle(context_.loop.now());
    decoder(receiver.gpu).forget(receiver);
  }
}

}  // namespace kvferry::sim
