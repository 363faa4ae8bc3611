#include "sim/kv_transfer.hpp"

#include "sim/chunk_pipeline.hpp"
#include "sim/handoff_prediction.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

KvTransfer::KvTransfer(const TransferContext& context, TransferConfig config, Callbacks callbacks)
    : context_(context),
      config_(std::move(config)),
      callbacks_(std::move(callbacks)),
      queues_(context.transport.topology().gpu_count),
      shipper_(context.loop, context.transport, handoffs_, config_,
               {[this](Lane& lane) { pipeline_->sent(lane); },
                [this](Lane& lane) { give_up(*lane.handoff); }}),
      pipeline_(std::make_unique<ChunkPipeline>(pipeline_context())) {}

KvTransfer::~KvTransfer() = default;

PipelineContext KvTransfer::pipeline_context() {
  return {context_.loop,
          handoffs_,
          queues_,
          shipper_,
          [this](Lane& lane) { lane_sent(lane); },
          [this](Handoff& handoff) { decoded(handoff); }};
}

Seconds KvTransfer::begin(LiveRequest& request, std::int64_t tokens, InstanceGpus from,
                          InstanceGpus to, ComputeWindow computed) {
  Handoff& handoff = handoffs_.add(request, tokens);
  lay_lanes(handoff, context_.model, from, to, computed, context_.transport);
  plan_chunks(handoff);
  account(handoff);
  const Seconds now = context_.loop.now();
  request.record.transfer_start = now;
  // The decode side's word takes the way of the bytes, backwards.
  const Seconds asked = config_.initiator == Initiator::pull
                            ? now + context_.transport.latency(to.first, from.first)
                            : now;
  Seconds encode{};
  for (const HandoffChunk& chunk : handoff.chunks) encode += chunk.encode;
  pipeline_->begin(handoff, asked);
  return encode;
}

// With an adaptive codec both ways are planned, and the one that is predicted to end first is taken.
void KvTransfer::plan_chunks(Handoff& handoff) {
  const std::int32_t all = context_.model.layers;
  const std::int32_t step = config_.chunk_bytes
                                ? layers_of(*config_.chunk_bytes, handoff, context_.model)
                                : std::min(config_.layers_per_chunk, all);
  const auto chunks = [&](bool overlaps) {
    return chunks_of(handoff, context_.model, overlaps ? step : all);
  };
  const bool may_compress = context_.codec.compresses();
  if (may_compress)
    handoff.chunks = priced(chunks(config_.overlap != Overlap::none), handoff, &context_.codec);
  handoff.compressed = may_compress;
  if (may_compress && !config_.adaptive_codec) return;
  std::vector<HandoffChunk> raw =
      priced(chunks(config_.overlap == Overlap::layerwise), handoff, nullptr);
  const auto completion = [&](const std::vector<HandoffChunk>& plan) {
    return predicted_completion(handoff, plan, context_.transport, shipper_, queues_,
                                context_.loop.now());
  };
  if (may_compress && completion(handoff.chunks) < completion(raw)) return;
  handoff.compressed = false;
  handoff.chunks = std::move(raw);
}

void KvTransfer::account(const Handoff& handoff) {
  RequestRecord& request = handoff.request->record;
  const auto lanes = static_cast<std::int64_t>(handoff.lanes.size());
  for (const auto& slices : chunks_of(handoff, context_.model, context_.model.layers)) {
    for (const codec::KvSlice& slice : slices) request.kv_raw += slice.raw_bytes() * lanes;
  }
  for (const HandoffChunk& chunk : handoff.chunks) request.kv_wire += chunk.wire * lanes;
  if (handoff.compressed) ++compressed_;
}

void KvTransfer::lane_sent(Lane& lane) {
  Handoff& handoff = *lane.handoff;
  if (++handoff.lanes_sent == handoff.lanes.size()) callbacks_.on_last_byte_left(*handoff.request);
}

void KvTransfer::decoded(Handoff& handoff) {
  if (config_.engine.overhead.value == 0) {
    complete(handoff);
    return;
  }
  HandoffTable::expect(handoff);
  context_.loop.at(context_.loop.now() + config_.engine.overhead, EventPriority::transfer,
                   [this, &handoff] {
                     if (handoffs_.wakes(handoff)) complete(handoff);
                   });
}

void KvTransfer::complete(Handoff& handoff) {
  LiveRequest& live = *handoff.request;
  RequestRecord& request = live.record;
  request.kv_ready = context_.loop.now();
  for (const HandoffChunk& chunk : handoff.chunks) {
    request.encode += chunk.encode;
    request.decode_codec += chunk.decode;
  }
  Seconds network{};
  for (const Lane& lane : handoff.lanes) network = std::max(network, lane.network);
  request.network += network;
  handoffs_.erase(handoff);
  callbacks_.on_kv_ready(live);
}

void KvTransfer::drop(Handoff& handoff) {
  pipeline_->abandoned(handoff);
  for (Lane& lane : handoff.lanes) {
    if (lane.sent < handoff.chunks.size()) shipper_.drop(lane);
  }
  handoffs_.erase(handoff);
}

void KvTransfer::give_up(Handoff& handoff) {
  LiveRequest& request = *handoff.request;
  drop(handoff);
  callbacks_.on_failed(request);
}

bool KvTransfer::abandon(const LiveRequest& request) {
  Handoff* handoff = handoffs_.find(request);
  if (handoff == nullptr) return false;
  drop(*handoff);
  return true;
}

}  // namespace kvferry::sim
