#include "sim/chunk_pipeline.hpp"

#include <algorithm>
#include <cstddef>

namespace kvferry::sim {
namespace {

// Raw bytes do not wait for the codec's engine.
Seconds work_off(SerialResource& engine, Seconds now, Seconds duration) {
  return duration.value > 0 ? engine.submit(now, duration) : now;
}

}  // namespace

void ChunkPipeline::begin(Handoff& handoff, Seconds first_send) {
  for (Endpoint& receiver : handoff.receivers) receiver.arrived.resize(handoff.chunks.size());
  for (Endpoint& sender : handoff.senders) {
    if (sender.computed.end <= context_.loop.now()) {
      encode_all(sender, first_send);
    } else {
      for (const std::size_t i : sender.lanes) handoff.lanes[i].waits_for_chunk = true;
      await_chunk(sender);
    }
  }
}

// Callbacks of two words need no memory of their own, and there are several for every chunk.
void ChunkPipeline::encode_all(Endpoint& sender, Seconds first_send) {
  SerialResource& encoder = context_.queues.encoder(sender.gpu);
  for (const HandoffChunk& chunk : sender.handoff->chunks)
    sender.encoded.push_back(work_off(encoder, context_.loop.now(), chunk.encode));
  HandoffTable::expect(*sender.handoff);
  context_.loop.at(std::max(sender.encoded.front(), first_send), EventPriority::transfer,
                   [this, &sender] {
                     if (!context_.handoffs.wakes(*sender.handoff)) return;
                     for (const std::size_t i : sender.lanes) ship(sender.handoff->lanes[i]);
                   });
}

void ChunkPipeline::await_chunk(Endpoint& sender) {
  const std::size_t all = sender.handoff->chunks.size();
  const Seconds computed = sender.computed.computed(sender.encoded.size() + 1, all);
  HandoffTable::expect(*sender.handoff);
  context_.loop.at(std::max(computed, context_.loop.now()), EventPriority::transfer,
                   [this, &sender] {
                     if (context_.handoffs.wakes(*sender.handoff)) encode_next(sender);
                   });
}

void ChunkPipeline::encode_next(Endpoint& sender) {
  Handoff& handoff = *sender.handoff;
  const std::size_t chunk = sender.encoded.size();
  const Seconds encoded = work_off(context_.queues.encoder(sender.gpu), context_.loop.now(),
                                   handoff.chunks[chunk].encode);
  sender.encoded.push_back(encoded);
  for (const std::size_t i : sender.lanes) {
    Lane& lane = handoff.lanes[i];
    if (!lane.waits_for_chunk) continue;
    lane.waits_for_chunk = false;
    send_at(lane, encoded);
  }
  if (chunk + 1 < handoff.chunks.size()) await_chunk(sender);
}

void ChunkPipeline::send_at(Lane& lane, Seconds when) {
  HandoffTable::expect(*lane.handoff);
  context_.loop.at(when, EventPriority::transfer, [this, &lane] {
    if (context_.handoffs.wakes(*lane.handoff)) ship(lane);
  });
}

// A chunk that is encoded while an earlier one is on the wire is no event: this looks at its date.
void ChunkPipeline::send_next(Lane& lane) {
  const Endpoint& sender = lane.handoff->senders[lane.sender];
  if (lane.sent == sender.encoded.size()) {
    lane.waits_for_chunk = true;
  } else if (sender.encoded[lane.sent] <= context_.loop.now()) {
    ship(lane);
  } else {
    send_at(lane, sender.encoded[lane.sent]);
  }
}

void ChunkPipeline::ship(Lane& lane) {
  const HandoffChunk& chunk = lane.handoff->chunks[lane.sent];
  context_.shipper.ship(lane, chunk.wire, chunk.descriptors);
}

void ChunkPipeline::sent(Lane& lane) {
  ++lane.sent;
  HandoffTable::expect(*lane.handoff);
  context_.loop.at(context_.loop.now() + context_.shipper.delay(lane), EventPriority::transfer,
                   [this, &lane] {
                     if (context_.handoffs.wakes(*lane.handoff)) arrived(lane);
                   });
  if (lane.sent < lane.handoff->chunks.size()) {
    send_next(lane);
    return;
  }
  context_.shipper.complete(lane);
  context_.on_lane_sent(lane);
}

// In the order of sending: all chunks of a lane take the same latency.
void ChunkPipeline::arrived(Lane& lane) {
  Handoff& handoff = *lane.handoff;
  const std::size_t chunk = lane.arrived++;
  Endpoint& receiver = handoff.receivers[lane.receiver];
  if (++receiver.arrived[chunk] < receiver.lanes.size()) return;
  const Seconds end = work_off(context_.queues.decoder(receiver.gpu), context_.loop.now(),
                               handoff.chunks[chunk].decode);
  if (chunk + 1 < handoff.chunks.size()) return;  // chunks are decoded in turn: the last ends last
  HandoffTable::expect(handoff);
  context_.loop.at(end, EventPriority::transfer, [this, &handoff] {
    if (context_.handoffs.wakes(handoff)) decoded(handoff);
  });
}

void ChunkPipeline::decoded(Handoff& handoff) {
  if (++handoff.receivers_done == handoff.receivers.size()) context_.on_complete(handoff);
}

}  // namespace kvferry::sim
