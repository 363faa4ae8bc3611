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
  std::size_t sender;    ///< index in the hand-off's senders
  std::size_t receiver;  ///< index in the hand-off's receivers
  topologies::GpuId to;
  Seconds latency;
  std::size_t sent = 0;
  std::size_t arrived = 0;
  Seconds started{};  ///< the flow on the wire
  Seconds network{};
};

/// A GPU that sends or receives some of the lanes.
struct KvTransfer::Endpoint {
  Handoff* handoff;
  topologies::GpuId gpu;
  std::vector<std::size_t> lanes;
  std::vector<Seconds> encoded;      ///< when each chunk is (senders)
  std::vector<std::size_t> arrived;  ///< lanes of which each chunk has arrived (receivers)
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
      encoders_(static_cast<std::size_t>(context.transport.topology().gpu_count)),
      decoders_(static_cast<std::size_t>(context.transport.topology().gpu_count)),
      gates_(static_cast<std::size_t>(context.transport.topology().gpu_count),
             FlowGate(config.flows_per_nic)) {}

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
  const auto endpoint_of = [&](std::vector<Endpoint>& endpoints, topologies::GpuId gpu) {
    if (endpoints.empty() || endpoints.back().gpu != gpu)
      endpoints.push_back({&handoff, gpu, {}, {}, {}});
    return endpoints.size() - 1;
  };
  const std::int32_t count = transfer_lanes(context_.model, from, to);
  for (std::int32_t i = 0; i < count; ++i) {
    Lane lane{};
    lane.handoff = &handoff;
    lane.from = from.first + i * from.count / count;
    lane.to = to.first + i * to.count / count;
    lane.latency = context_.transport.latency(lane.from, lane.to);
    lane.receiver = endpoint_of(handoff.receivers, lane.to);
    lane.sender = endpoint_of(handoff.senders, lane.from);
    handoff.senders[lane.sender].lanes.push_back(handoff.lanes.size());
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
  for (Endpoint& sender : handoff.senders) encode_chunks(sender);
}

// Callbacks of two words need no memory of their own, and there are several for every chunk.
void KvTransfer::encode_chunks(Endpoint& sender) {
  SerialResource& encoder = encoders_[static_cast<std::size_t>(sender.gpu)];
  for (const ChunkCost& chunk : sender.handoff->chunks)
    sender.encoded.push_back(encoder.submit(context_.loop.now(), chunk.encode));
  context_.loop.at(sender.encoded.front(), EventPriority::transfer, [this, &sender] {
    for (const std::size_t i : sender.lanes) send_encoded(sender.handoff->lanes[i]);
  });
}

// A chunk that is encoded while an earlier one is on the wire is no event: this looks at its date.
void KvTransfer::send_next(Lane& lane) {
  const Seconds encoded = lane.handoff->senders[lane.sender].encoded[lane.sent];
  if (encoded <= context_.loop.now()) {
    send_encoded(lane);
  } else {
    context_.loop.at(encoded, EventPriority::transfer, [this, &lane] { send_encoded(lane); });
  }
}

void KvTransfer::send_encoded(Lane& lane) {
  gates_[static_cast<std::size_t>(lane.from)].enter([this, &lane] { start_flow(lane); });
}

void KvTransfer::start_flow(Lane& lane) {
  lane.started = context_.loop.now();
  const auto salt = static_cast<std::uint64_t>(lane.handoff->request->record.request_id);
  context_.transport.send({lane.from, lane.to, lane.handoff->chunks[lane.sent].wire, salt},
                          [this, &lane](const FlowReport&) { chunk_sent(lane); });
}

void KvTransfer::chunk_sent(Lane& lane) {
  const Seconds now = context_.loop.now();
  ++lane.sent;
  lane.network += now - lane.started;
  Handoff& handoff = *lane.handoff;
  context_.loop.at(now + lane.latency, EventPriority::transfer,
                   [this, &lane] { chunk_arrived(lane); });
  gates_[static_cast<std::size_t>(lane.from)].leave();
  if (lane.sent < handoff.chunks.size()) {
    send_next(lane);
    return;
  }
  if (++handoff.lanes_sent == handoff.lanes.size()) callbacks_.on_last_byte_left(*handoff.request);
}

// In the order of sending: all chunks of a lane take the same latency.
void KvTransfer::chunk_arrived(Lane& lane) {
  Handoff& handoff = *lane.handoff;
  const std::size_t chunk = lane.arrived++;
  Endpoint& receiver = handoff.receivers[lane.receiver];
  if (++receiver.arrived[chunk] < receiver.lanes.size()) return;
  SerialResource& decoder = decoders_[static_cast<std::size_t>(receiver.gpu)];
  const Seconds end = decoder.submit(context_.loop.now(), handoff.chunks[chunk].decode);
  if (chunk + 1 < handoff.chunks.size()) return;  // chunks are decoded in turn: the last ends last
  context_.loop.at(end, EventPriority::transfer, [this, &handoff] { chunks_decoded(handoff); });
}

void KvTransfer::chunks_decoded(Handoff& handoff) {
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
