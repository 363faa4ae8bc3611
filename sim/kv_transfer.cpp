#include "sim/kv_transfer.hpp"

#include "sim/chunk_pipeline.hpp"
#include "sim/fluid_pipeline.hpp"
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
      pipeline_(create_pipeline()) {}

KvTransfer::~KvTransfer() = default;

std::unique_ptr<HandoffPipeline> KvTransfer::create_pipeline() {
  if (config_.fidelity != Fidelity::fluid)
    return std::make_unique<ChunkPipeline>(pipeline_context());
  return std::make_unique<FluidPipeline>(pipeline_context(), context_.transport.topology());
}

PipelineContext KvTransfer::pipeline_context() {
  return {context_.loop,
          handoffs_,
          queues_,
          shipper_,
          [this](Lane& lane) { lane_sent(lane); },
          [this](Handoff& handoff) { decoded(handoff); }};
}

Seconds KvTransfer::begin(LiveRequest& request, std::int64_t tokens, const HandoffEnds& ends,
                          ComputeWindow computed) {
  Handoff& handoff = handoffs_.add(request, tokens);
  lay_lanes(handoff, context_.model, ends.from, ends.to, computed, context_.transport);
  plan_chunks(handoff, ends.block_tokens);
  account(handoff, ends.block_tokens);
  const Seconds now = context_.loop.now();
  request.record.transfer_start = now;
  // The decode side's word takes the way of the bytes, backwards.
  const Seconds asked = config_.initiator == Initiator::pull
                            ? now + context_.transport.latency(ends.to.first, ends.from.first)
                            : now;
  Seconds encode{};
  for (const HandoffChunk& chunk : handoff.chunks) encode += chunk.encode;
  pipeline_->begin(handoff, asked);
  return encode;
}

// With an adaptive codec both ways are planned, and the one that is predicted to end first is taken.
void KvTransfer::plan_chunks(Handoff& handoff, std::int64_t block_tokens) {
  const std::int32_t all = context_.model.layers;
  const std::int32_t step = config_.chunk_bytes
                                ? layers_of(*config_.chunk_bytes, handoff, context_.model)
                                : std::min(config_.layers_per_chunk, all);
  const auto chunks = [&](bool overlaps) {
    return chunks_of(handoff, context_.model, overlaps ? step : all);
  };
  const bool may_compress = context_.codec.compresses();
  if (may_compress)
    handoff.chunks = priced(chunks(config_.overlap != Overlap::none), handoff, context_.codec);
  handoff.compressed = may_compress;
  if (may_compress && !config_.adaptive_codec) return;
  std::vector<HandoffChunk> raw = raw_pages(chunks(config_.overlap == Overlap::layerwise), handoff,
                                            context_.model, config_.pages, block_tokens);
  const auto completion = [&](const std::vector<HandoffChunk>& plan) {
    return predicted_completion(handoff, plan, context_.transport, shipper_, queues_,
                                context_.loop.now());
  };
  if (may_compress && completion(handoff.chunks) < completion(raw)) return;
  handoff.compressed = false;
  handoff.chunks = std::move(raw);
}

void KvTransfer::account(Handoff& handoff, std::int64_t block_tokens) {
  RequestRecord& request = handoff.request->record;
  const auto lanes = static_cast<std::int64_t>(handoff.lanes.size());
  const HandoffChunk raw = raw_pages(chunks_of(handoff, context_.model, context_.model.layers),
                                     handoff, context_.model, config_.pages, block_tokens)
                               .front();
  LaneLoad frames{};
  for (const HandoffChunk& chunk : handoff.chunks) {
    frames.size += chunk.wire;
    frames.descriptors += chunk.descriptors;
  }
  handoff.raw = raw.wire * lanes;
  handoff.wire = frames.size * lanes;
  request.kv_raw += handoff.raw;
  request.kv_wire += handoff.wire;
  ++begun_;
  if (!handoff.compressed) return;
  ++compressed_;
  const Lane& lane = handoff.lanes.front();
  const HandoffSavings saved = handoff_savings(config_.engine, {raw.wire, raw.descriptors}, frames,
                                               context_.transport.line_rate(lane.from, lane.to));
  savings_.by_bytes += saved.by_bytes;
  savings_.by_descriptors += saved.by_descriptors;
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
  request.retries += handoff.retries;
  handoffs_.erase(handoff);
  callbacks_.on_kv_ready(live);
}

void KvTransfer::drop(Handoff& handoff) {
  pipeline_->abandoned(handoff);
  handoff.request->record.retries += handoff.retries;
  for (Lane& lane : handoff.lanes) {
    if (lane.sent < handoff.chunks.size()) shipper_.drop(lane);
  }
  take_back_unsent(handoff);
  handoffs_.erase(handoff);
}

// Records count what has travelled, of the raw cache in proportion.
void KvTransfer::take_back_unsent(const Handoff& handoff) {
  Bytes unsent = handoff.wire;
  for (const Lane& lane : handoff.lanes) unsent = unsent - lane.delivered;
  const double share = static_cast<double>(unsent.value) / static_cast<double>(handoff.wire.value);
  const auto raw = static_cast<std::int64_t>(static_cast<double>(handoff.raw.value) * share);
  RequestRecord& request = handoff.request->record;
  request.kv_wire = request.kv_wire - unsent;
  request.kv_raw = request.kv_raw - Bytes{raw};
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
