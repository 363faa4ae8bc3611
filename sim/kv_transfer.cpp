#include "sim/kv_transfer.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

/// Of one chunk; the same for all lanes and for all GPUs of a side.
struct KvTransfer::ChunkCost {
  Seconds encode;  ///< of all lanes of a sending GPU, one launch
  Seconds decode;  ///< of all lanes of a receiving GPU, one launch
  Bytes wire;      ///< per lane
};

struct KvTransfer::Lane {
  Handoff* handoff;
  topologies::GpuId from;
  std::size_t receiver;  ///< index in the hand-off's receivers
  topologies::GpuId to;
  Seconds latency;
  std::size_t encoded = 0;
  std::size_t sent = 0;
  bool sending = false;  ///< a flow is on the wire, or waits for the NIC
  Seconds network{};
};

/// A GPU that sends or receives some of the lanes.
struct KvTransfer::Endpoint {
  topologies::GpuId gpu;
  std::vector<std::size_t> lanes;
  std::vector<std::size_t> arrived;  ///< lanes of which each chunk has arrived (receivers)
  std::size_t decoded = 0;           ///< chunks (receivers)
};

struct KvTransfer::Handoff {
  LiveRequest* request;
  std::int64_t tokens;
  std::size_t slot;  ///< its place in handoffs_
  std::vector<ChunkCost> chunks;
  std::vector<Lane> lanes;
  std::vector<Endpoint> senders;
  std::vector<Endpoint> receivers;
  std::size_t lanes_sent = 0;
  std::size_t receivers_done = 0;
};

std::int32_t transfer_lanes(const ModelSpec& model, InstanceGpus from, InstanceGpus to) {
  return std::min(std::max(from.count, to.count),
                  transferable_heads(model) * std::max(from.stages, to.stages));
}

KvTransfer::KvTransfer(const TransferContext& context, TransferConfig config, Callbacks callbacks)
    : context_(context),
      config_(config),
      callbacks_(std::move(callbacks)),
      encoders_(static_cast<std::size_t>(context.topology.gpu_count)),
      decoders_(static_cast<std::size_t>(context.topology.gpu_count)),
      gates_(static_cast<std::size_t>(context.topology.gpu_count), FlowGate(config.flows_per_nic)) {
}

KvTransfer::~KvTransfer() = default;

// Of the layers of each chunk, those with a sliding window hand over their newest tokens only.
std::vector<std::vector<codec::KvSlice>> KvTransfer::chunks_of(const Handoff& handoff) const {
  const ModelSpec& model = context_.model;
  const auto lanes = static_cast<std::int64_t>(handoff.lanes.size());
  const bool in_one = config_.overlap == Overlap::none || !context_.codec.compresses();
  const std::int32_t step =
      in_one ? model.layers : std::min(config_.layers_per_chunk, model.layers);
  const std::int64_t values =
      std::int64_t{transferable_heads(model)} * kv_values_per_head(model) / 2 / lanes;
  const std::int64_t id = handoff.request->record.request_id;
  const std::int64_t tokens = handoff.tokens;
  const std::int64_t kept = std::min(tokens, model.sliding_window.value_or(tokens));
  const auto windowed_before = [&](std::int32_t layer) {  // spread evenly
    return kept == tokens ? 0 : layer * windowed_layers(model) / model.layers;
  };
  std::vector<std::vector<codec::KvSlice>> chunks;
  for (std::int32_t layer = 0; layer < model.layers; layer += step) {
    const std::int32_t end = std::min(layer + step, model.layers);
    const std::int32_t windowed = windowed_before(end) - windowed_before(layer);
    const std::int64_t bytes = kv_value_bytes(model.kv_type);
    std::vector<codec::KvSlice>& chunk = chunks.emplace_back();
    if (end - layer > windowed)
      chunk.push_back({id, layer, end - layer - windowed, tokens, values, bytes});
    if (windowed > 0) chunk.push_back({id, end - windowed, windowed, kept, values, bytes});
  }
  return chunks;
}

void KvTransfer::lay_lanes(Handoff& handoff, InstanceGpus from, InstanceGpus to) const {
  const auto endpoint_of = [](std::vector<Endpoint>& endpoints, topologies::GpuId gpu) {
    if (endpoints.empty() || endpoints.back().gpu != gpu) endpoints.push_back({gpu, {}, {}, 0});
    return endpoints.size() - 1;
  };
  const std::int32_t count = transfer_lanes(context_.model, from, to);
  for (std::int32_t i = 0; i < count; ++i) {
    Lane lane{};
    lane.handoff = &handoff;
    lane.from = from.first + i * from.count / count;
    lane.to = to.first + i * to.count / count;
    lane.latency = path_latency(context_.topology, context_.topology.route(lane.from, lane.to));
    lane.receiver = endpoint_of(handoff.receivers, lane.to);
    const std::size_t sender = endpoint_of(handoff.senders, lane.from);
    handoff.senders[sender].lanes.push_back(handoff.lanes.size());
    handoff.receivers[lane.receiver].lanes.push_back(handoff.lanes.size());
    handoff.lanes.push_back(lane);
  }
}

// A GPU with several lanes encodes or decodes them in one launch.
KvTransfer::ChunkCost KvTransfer::price(const codec::KvSlice& slice, const Handoff& handoff) const {
  const auto launch = [&](const Endpoint& endpoint) {
    codec::KvSlice all_lanes = slice;
    all_lanes.values_per_token *= static_cast<std::int64_t>(endpoint.lanes.size());
    return context_.codec.handoff(all_lanes);
  };
  const codec::HandoffCost lane = context_.codec.handoff(slice);
  const Endpoint& sender = handoff.senders.front();
  const Endpoint& receiver = handoff.receivers.front();
  return {sender.lanes.size() == 1 ? lane.encode : launch(sender).encode,
          receiver.lanes.size() == 1 ? lane.decode : launch(receiver).decode, lane.wire};
}

void KvTransfer::price_chunks(Handoff& handoff) const {
  RequestRecord& request = handoff.request->record;
  const auto lanes = static_cast<std::int64_t>(handoff.lanes.size());
  for (const std::vector<codec::KvSlice>& slices : chunks_of(handoff)) {
    ChunkCost& chunk = handoff.chunks.emplace_back();
    for (const codec::KvSlice& slice : slices) {
      const ChunkCost cost = price(slice, handoff);
      chunk.encode += cost.encode;
      chunk.decode += cost.decode;
      chunk.wire += cost.wire;
      request.kv_raw += slice.raw_bytes() * lanes;
    }
    request.kv_wire += chunk.wire * lanes;
  }
}

void KvTransfer::begin(LiveRequest& request, std::int64_t tokens, InstanceGpus from,
                       InstanceGpus to) {
  handoffs_.push_back(std::make_unique<Handoff>());
  Handoff& handoff = *handoffs_.back();
  handoff.request = &request;
  handoff.tokens = tokens;
  handoff.slot = handoffs_.size() - 1;
  lay_lanes(handoff, from, to);
  price_chunks(handoff);
  request.record.transfer_start = context_.loop.now();
  for (Endpoint& receiver : handoff.receivers) receiver.arrived.resize(handoff.chunks.size());
  for (Endpoint& sender : handoff.senders) encode_chunks(handoff, sender);
}

void KvTransfer::encode_chunks(Handoff& handoff, Endpoint& sender) {
  SerialResource& encoder = encoders_[static_cast<std::size_t>(sender.gpu)];
  for (const ChunkCost& chunk : handoff.chunks) {
    const Seconds end = encoder.submit(context_.loop.now(), chunk.encode);
    context_.loop.at(end, EventPriority::transfer,
                     [this, &handoff, &sender] { chunk_encoded(handoff, sender); });
  }
}

void KvTransfer::chunk_encoded(Handoff& handoff, const Endpoint& sender) {
  for (const std::size_t i : sender.lanes) {
    Lane& lane = handoff.lanes[i];
    ++lane.encoded;
    if (!lane.sending) send_next(lane);
  }
}

void KvTransfer::send_next(Lane& lane) {
  lane.sending = lane.sent < lane.encoded;
  if (!lane.sending) return;
  gates_[static_cast<std::size_t>(lane.from)].enter([this, &lane] { start_flow(lane); });
}

void KvTransfer::start_flow(Lane& lane) {
  ++flows_;
  const Seconds started = context_.loop.now();
  context_.network.start(lane.from, lane.to, lane.handoff->chunks[lane.sent].wire,
                         [this, &lane, started] { chunk_sent(lane, started); });
}

void KvTransfer::chunk_sent(Lane& lane, Seconds started) {
  const Seconds now = context_.loop.now();
  const std::size_t chunk = lane.sent++;
  lane.network += now - started;
  Handoff& handoff = *lane.handoff;
  context_.loop.at(now + lane.latency, EventPriority::transfer,
                   [this, &lane, chunk] { chunk_arrived(lane, chunk); });
  gates_[static_cast<std::size_t>(lane.from)].leave();
  send_next(lane);
  if (lane.sent < handoff.chunks.size()) return;
  if (++handoff.lanes_sent == handoff.lanes.size()) callbacks_.on_last_byte_left(*handoff.request);
}

void KvTransfer::chunk_arrived(Lane& lane, std::size_t chunk) {
  Handoff& handoff = *lane.handoff;
  Endpoint& receiver = handoff.receivers[lane.receiver];
  if (++receiver.arrived[chunk] < receiver.lanes.size()) return;
  SerialResource& decoder = decoders_[static_cast<std::size_t>(receiver.gpu)];
  const Seconds end = decoder.submit(context_.loop.now(), handoff.chunks[chunk].decode);
  context_.loop.at(end, EventPriority::transfer,
                   [this, &handoff, &receiver] { chunk_decoded(handoff, receiver); });
}

void KvTransfer::chunk_decoded(Handoff& handoff, Endpoint& receiver) {
  if (++receiver.decoded < handoff.chunks.size()) return;
  if (++handoff.receivers_done == handoff.receivers.size()) complete(handoff);
}

void KvTransfer::complete(Handoff& handoff) {
  LiveRequest& live = *handoff.request;
  RequestRecord& request = live.record;
  request.kv_ready = context_.loop.now();
  for (const ChunkCost& chunk : handoff.chunks) {
    request.encode += chunk.encode;
    request.decode_codec += chunk.decode;
  }
  for (const Lane& lane : handoff.lanes) request.network = std::max(request.network, lane.network);
  const std::size_t slot = handoff.slot;
  std::swap(handoffs_[slot], handoffs_.back());
  handoffs_[slot]->slot = slot;
  handoffs_.pop_back();  // ends the life of `handoff`
  callbacks_.on_kv_ready(live);
}

Seconds KvTransfer::encode_busy() const {
  Seconds sum{};
  for (const SerialResource& encoder : encoders_) sum += encoder.busy_until(context_.loop.now());
  return sum;
}

Seconds KvTransfer::decode_busy() const {
  Seconds sum{};
  for (const SerialResource& decoder : decoders_) sum += decoder.busy_until(context_.loop.now());
  return sum;
}

}  // namespace kvferry::sim
