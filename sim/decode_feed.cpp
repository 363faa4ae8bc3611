#include "sim/decode_feed.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {
namespace {

double size(Bytes bytes) {
  return static_cast<double>(bytes.value);
}

double sent(const Lane& lane, const LaneShipper& shipper) {
  const Handoff& handoff = *lane.handoff;
  if (lane.sent == handoff.chunks.size()) return size(handoff.lane_wire);
  if (lane.shipping.whole.value == 0) return 0;  // it has not set out
  return size(handoff.lane_wire) * (1 - shipper.left(lane));
}

// How much of a chunk is on its way sooner than a flow that is held back by its cap makes it: alone on
// the path, it would have left within a part of the time.
double sooner(const Endpoint& receiver, double rate) {
  const Handoff& handoff = *receiver.handoff;
  double part = 0;
  for (const std::size_t i : receiver.lanes) {
    const Lane& lane = handoff.lanes[i];
    if (!lane.pacing.is_held || !lane.shipping.source_cap) continue;
    const double cap =
        lane.shipping.source_cap->value * size(handoff.lane_wire) / size(lane.shipping.whole);
    constexpr double kRounding = 1e-6;
    if (rate >= cap * (1 - kRounding)) part = 1 - std::min(1.0, rate / lane.pacing.line_rate.value);
  }
  return part;
}

}  // namespace

void DecodeFeed::add(Endpoint& receiver, Seconds now) {
  settle(now);
  const Handoff& handoff = *receiver.handoff;
  Delivery& delivery = receiver.delivery;
  delivery.seen = now;
  delivery.next_end = size(handoff.chunks.front().wire);
  for (const std::size_t lane : receiver.lanes)
    delivery.delay = std::max(delivery.delay, shipper_.delay(handoff.lanes[lane]));
  receivers_.push_back(&receiver);
}

void DecodeFeed::settle(Seconds now) {
  for (Endpoint* receiver : receivers_) follow(*receiver, now);
  decode_until(now);
}

// The last chunk is left to finish(), which knows its date without interpolation. A flow that broke
// may have to send again what was sent before: that arrives only once.
void DecodeFeed::follow(Endpoint& receiver, Seconds now) {
  const Handoff& handoff = *receiver.handoff;
  Delivery& delivery = receiver.delivery;
  if (now <= delivery.seen) return;
  double least = size(handoff.lane_wire);
  for (const std::size_t lane : receiver.lanes)
    least = std::min(least, sent(handoff.lanes[lane], shipper_));
  const Seconds since = std::exchange(delivery.seen, now);
  if (least <= delivery.sent) return;
  const double rate = (least - delivery.sent) / (now - since).value;
  const double lead = sooner(receiver, rate);
  for (; delivery.next + 1 < handoff.chunks.size(); ++delivery.next) {
    const HandoffChunk& chunk = handoff.chunks[delivery.next];
    const double there = delivery.next_end - lead * size(chunk.wire);
    if (there > least) break;
    const Seconds when{since.value + std::max(0.0, there - delivery.sent) / rate};
    arrivals_.push_back({when + delivery.delay, &receiver, chunk.decode});
    delivery.next_end += size(handoff.chunks[delivery.next + 1].wire);
  }
  delivery.sent = least;
}

void DecodeFeed::decode_until(Seconds now) {
  if (arrivals_.empty()) return;
  std::ranges::stable_sort(arrivals_, {}, &Arrival::when);
  const auto to_come =
      std::ranges::find_if(arrivals_, [&](const Arrival& next) { return next.when > now; });
  for (auto due = arrivals_.begin(); due != to_come; ++due) decoder_.submit(due->when, due->work);
  arrivals_.erase(arrivals_.begin(), to_come);
}

// Rounding may have left some of its chunks a little after now.
Seconds DecodeFeed::finish(Endpoint& receiver, Seconds now) {
  settle(now);
  for (const Arrival& arrival : arrivals_) {
    if (arrival.receiver == &receiver) decoder_.submit(now, arrival.work);
  }
  forget(receiver);
  const std::vector<HandoffChunk>& chunks = receiver.handoff->chunks;
  for (std::size_t i = receiver.delivery.next; i + 1 < chunks.size(); ++i)
    decoder_.submit(now, chunks[i].decode);
  return decoder_.submit(now, chunks.back().decode);
}

void DecodeFeed::forget(const Endpoint& receiver) {
  std::erase(receivers_, &receiver);
  std::erase_if(arrivals_, [&](const Arrival& next) { return next.receiver == &receiver; });
}

}  // namespace kvferry::sim
