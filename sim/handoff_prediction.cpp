#include "sim/handoff_prediction.hpp"

#include <algorithm>
#include <limits>

namespace kvferry::sim {
namespace {

// The lanes of one hand-off share the NICs of their ends with each other, too.
BytesPerSecond expected_rate(const Lane& lane, const Handoff& handoff, const Transport& transport) {
  const auto nic = [&](topologies::GpuId gpu) {
    return transport.topology().nic_of_gpu[static_cast<std::size_t>(gpu)];
  };
  const auto count = [&](auto end) {
    return std::ranges::count_if(
        handoff.lanes, [&](const Lane& other) { return nic(other.*end) == nic(lane.*end); });
  };
  const auto salt = static_cast<std::uint64_t>(handoff.request->record.request_id);
  const BytesPerSecond alone = transport.expected_rate(lane.from, lane.to, salt);
  return alone * (1.0 / static_cast<double>(std::max(count(&Lane::from), count(&Lane::to))));
}

Seconds predicted_completion(const Lane& lane, const Handoff& handoff,
                             std::span<const HandoffChunk> chunks, const Transport& transport,
                             const LaneShipper& shipper, const CodecQueues& queues, Seconds now) {
  const BytesPerSecond rate = expected_rate(lane, handoff, transport);
  if (rate.value <= 0) return {std::numeric_limits<double>::infinity()};
  const ComputeWindow& computed = handoff.senders[lane.sender].computed;
  Seconds encoded = std::max(now, queues.encoder(lane.from).free_at());
  Seconds sent = now;
  Seconds decoded = std::max(now, queues.decoder(lane.to).free_at());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const HandoffChunk& chunk = chunks[i];
    const Seconds ready = computed.computed(i + 1, chunks.size());
    encoded = std::max(encoded, ready) + chunk.encode;
    const Seconds wire =
        std::max(chunk.wire / rate, shipper.idle_time(lane, chunk.wire, chunk.descriptors));
    sent = std::max(sent, chunk.encode.value > 0 ? encoded : ready) + wire;
    const Seconds arrived = sent + shipper.delay(lane);
    decoded = chunk.decode.value > 0 ? std::max(decoded, arrived) + chunk.decode : arrived;
  }
  return decoded;
}

}  // namespace

Seconds predicted_completion(const Handoff& handoff, std::span<const HandoffChunk> chunks,
                             const Transport& transport, const LaneShipper& shipper,
                             const CodecQueues& queues, Seconds now) {
  Seconds last = now;
  for (const Lane& lane : handoff.lanes) {
    last = std::max(last,
                    predicted_completion(lane, handoff, chunks, transport, shipper, queues, now));
  }
  return last;
}

}  // namespace kvferry::sim
