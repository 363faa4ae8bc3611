#include "sim/handoff_plan.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::sim {
namespace {

std::int64_t values_per_token(const ModelSpec& model, std::size_t lanes) {
  return std::int64_t{transferable_heads(model)} * kv_values_per_head(model) / 2 /
         static_cast<std::int64_t>(lanes);
}

std::size_t endpoint_of(std::vector<Endpoint>& endpoints, Handoff& handoff, topologies::GpuId gpu) {
  if (endpoints.empty() || endpoints.back().gpu != gpu)
    endpoints.push_back({&handoff, gpu, {}, {}, {}, {}, {}});
  return endpoints.size() - 1;
}

ComputeWindow stage_window(ComputeWindow whole, InstanceGpus gpus, topologies::GpuId gpu) {
  const auto stages = static_cast<std::size_t>(gpus.stages);
  const std::size_t stage =
      static_cast<std::size_t>(gpu - gpus.first) * stages / static_cast<std::size_t>(gpus.count);
  return {whole.computed(stage, stages), whole.computed(stage + 1, stages)};
}

// A GPU with several lanes encodes or decodes them in one launch.
HandoffChunk price(const codec::KvSlice& slice, const Handoff& handoff,
                   codec::TransferCodec& codec) {
  const auto launch = [&](const Endpoint& endpoint) {
    codec::KvSlice all_lanes = slice;
    all_lanes.values_per_token *= static_cast<std::int64_t>(endpoint.lanes.size());
    return codec.handoff(all_lanes);
  };
  const codec::HandoffCost lane = codec.handoff(slice);
  const Endpoint& sender = handoff.senders.front();
  const Endpoint& receiver = handoff.receivers.front();
  return {sender.lanes.size() == 1 ? lane.encode : launch(sender).encode,
          receiver.lanes.size() == 1 ? lane.decode : launch(receiver).decode, lane.wire};
}

}  // namespace

std::int32_t transfer_lanes(const ModelSpec& model, InstanceGpus from, InstanceGpus to) {
  return std::min(std::max(from.count, to.count),
                  transferable_heads(model) * std::max(from.stages, to.stages));
}

void lay_lanes(Handoff& handoff, const ModelSpec& model, InstanceGpus from, InstanceGpus to,
               ComputeWindow computed, const Transport& transport) {
  const std::int32_t count = transfer_lanes(model, from, to);
  for (std::int32_t i = 0; i < count; ++i) {
    Lane lane{};
    lane.handoff = &handoff;
    lane.from = from.first + i * from.count / count;
    lane.to = to.first + i * to.count / count;
    lane.latency = transport.latency(lane.from, lane.to);
    lane.receiver = endpoint_of(handoff.receivers, handoff, lane.to);
    lane.sender = endpoint_of(handoff.senders, handoff, lane.from);
    handoff.senders[lane.sender].lanes.push_back(handoff.lanes.size());
    handoff.senders[lane.sender].computed = stage_window(computed, from, lane.from);
    handoff.receivers[lane.receiver].lanes.push_back(handoff.lanes.size());
    handoff.lanes.push_back(lane);
  }
}

std::vector<std::vector<codec::KvSlice>> chunks_of(const Handoff& handoff, const ModelSpec& model,
                                                   std::int32_t layers_per_chunk) {
  const std::int64_t values = values_per_token(model, handoff.lanes.size());
  const std::int64_t bytes = kv_value_bytes(model.kv_type);
  const std::int64_t id = handoff.request->record.request_id;
  const std::int64_t tokens = handoff.tokens;
  const std::int64_t kept = std::min(tokens, model.sliding_window.value_or(tokens));
  const auto windowed_before = [&](std::int32_t layer) {  // spread evenly
    return kept == tokens ? 0 : layer * windowed_layers(model) / model.layers;
  };
  std::vector<std::vector<codec::KvSlice>> chunks;
  for (std::int32_t layer = 0; layer < model.layers; layer += layers_per_chunk) {
    const std::int32_t end = std::min(layer + layers_per_chunk, model.layers);
    const std::int32_t windowed = windowed_before(end) - windowed_before(layer);
    std::vector<codec::KvSlice>& chunk = chunks.emplace_back();
    if (end - layer > windowed)
      chunk.push_back({id, layer, end - layer - windowed, tokens, values, bytes});
    if (windowed > 0) chunk.push_back({id, end - windowed, windowed, kept, values, bytes});
  }
  return chunks;
}

std::vector<HandoffChunk> priced(const std::vector<std::vector<codec::KvSlice>>& chunks,
                                 const Handoff& handoff, codec::TransferCodec& codec) {
  std::vector<HandoffChunk> prices;
  prices.reserve(chunks.size());
  for (const std::vector<codec::KvSlice>& slices : chunks) {
    HandoffChunk& chunk = prices.emplace_back();
    chunk.descriptors = kFrameDescriptors;
    for (const codec::KvSlice& slice : slices) {
      const HandoffChunk cost = price(slice, handoff, codec);
      chunk.encode += cost.encode;
      chunk.decode += cost.decode;
      chunk.wire += cost.wire;
    }
  }
  return prices;
}

std::vector<HandoffChunk> raw_pages(const std::vector<std::vector<codec::KvSlice>>& chunks,
                                    const Handoff& handoff, const ModelSpec& model,
                                    const KvPages& pages, std::int64_t block_tokens) {
  const bool lanes_share_an_end = handoff.senders.size() < handoff.lanes.size() ||
                                  handoff.receivers.size() < handoff.lanes.size();
  const LaneHeads heads = lanes_share_an_end ? LaneHeads::part : LaneHeads::whole;
  std::vector<HandoffChunk> prices;
  prices.reserve(chunks.size());
  for (const std::vector<codec::KvSlice>& slices : chunks) {
    HandoffChunk& chunk = prices.emplace_back();
    chunk.descriptors = 0;
    for (const codec::KvSlice& slice : slices) {
      chunk.wire += slice.raw_bytes();
      chunk.descriptors +=
          raw_descriptors(model, {slice.layer_count, slice.tokens, block_tokens, heads}, pages);
    }
  }
  return prices;
}

std::int32_t layers_of(Bytes size, std::int64_t tokens, std::size_t lanes, const ModelSpec& model) {
  const std::int64_t layer =
      2 * kv_value_bytes(model.kv_type) * tokens * values_per_token(model, lanes);
  const double layers = static_cast<double>(size.value) / static_cast<double>(layer);
  return static_cast<std::int32_t>(std::clamp(std::round(layers), 1.0, 1.0 * model.layers));
}

std::int32_t layers_of(Bytes size, const Handoff& handoff, const ModelSpec& model) {
  return layers_of(size, handoff.tokens, handoff.lanes.size(), model);
}

}  // namespace kvferry::sim
