#include "sim/kv_transfer.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

struct KvTransfer::Lane {
  Handoff* handoff;
  topologies::GpuId from;
  topologies::GpuId to;
  Seconds latency;
  std::vector<codec::HandoffCost> chunks;
  std::size_t encoded = 0;
  std::size_t sent = 0;
  std::size_t arrived = 0;
  std::size_t decoded = 0;
  bool sending = false;
  Seconds encode{};
  Seconds network{};
  Seconds decode{};
};

struct KvTransfer::Handoff {
  RequestRecord* request;
  std::size_t slot;  ///< its place in handoffs_
  std::vector<Lane> lanes;
  std::size_t lanes_sent = 0;
  std::size_t lanes_decoded = 0;
};

std::int32_t transfer_lanes(const ModelSpec& model, std::int32_t prefill_ranks,
                            std::int32_t decode_ranks) {
  return std::min(std::max(prefill_ranks, decode_ranks), model.kv_heads);
}

KvTransfer::KvTransfer(EventLoop& loop, Network& network, codec::TransferCodec& codec,
                       const topologies::Topology& topology, const ModelSpec& model,
                       TransferConfig config, Callbacks callbacks)
    : loop_(loop),
      network_(network),
      codec_(codec),
      topology_(topology),
      model_(model),
      config_(config),
      callbacks_(std::move(callbacks)),
      encoders_(static_cast<std::size_t>(topology.gpu_count)),
      decoders_(static_cast<std::size_t>(topology.gpu_count)) {}

KvTransfer::~KvTransfer() = default;

std::vector<codec::KvSlice> KvTransfer::chunks_of(const RequestRecord& request,
                                                  std::int32_t lanes) const {
  const std::int32_t step = config_.overlap == Overlap::none
                                ? model_.layers
                                : std::min(config_.layers_per_chunk, model_.layers);
  const std::int64_t values = std::int64_t{model_.kv_heads} * model_.head_dim / lanes;
  std::vector<codec::KvSlice> slices;
  for (std::int32_t layer = 0; layer < model_.layers; layer += step) {
    slices.push_back({request.request_id, layer, std::min(step, model_.layers - layer),
                      request.input_tokens, values});
  }
  return slices;
}

void KvTransfer::begin(RequestRecord& request, InstanceGpus from, InstanceGpus to) {
  const std::int32_t lane_count = transfer_lanes(model_, from.count, to.count);
  const auto slices = chunks_of(request, lane_count);
  auto handoff = std::make_unique<Handoff>();
  handoff->request = &request;
  handoff->slot = handoffs_.size();
  for (std::int32_t i = 0; i < lane_count; ++i) {
    Lane lane{};
    lane.from = from.first + i * from.count / lane_count;
    lane.to = to.first + i * to.count / lane_count;
    lane.latency = path_latency(topology_, topology_.route(lane.from, lane.to));
    for (const codec::KvSlice& slice : slices) {
      lane.chunks.push_back(codec_.handoff(slice));
      request.kv_raw += slice.raw_bytes();
      request.kv_wire += lane.chunks.back().wire;
    }
    handoff->lanes.push_back(std::move(lane));
  }
  request.transfer_start = loop_.now();
  handoffs_.push_back(std::move(handoff));
  for (Lane& lane : handoffs_.back()->lanes) {
    lane.handoff = handoffs_.back().get();
    for (std::size_t chunk = 0; chunk < lane.chunks.size(); ++chunk) encode_chunk(lane, chunk);
  }
}

void KvTransfer::encode_chunk(Lane& lane, std::size_t chunk) {
  const Seconds duration = lane.chunks[chunk].encode;
  lane.encode += duration;
  const Seconds end = encoders_[static_cast<std::size_t>(lane.from)].submit(loop_.now(), duration);
  loop_.at(end, EventPriority::transfer, [this, &lane] { chunk_encoded(lane); });
}

void KvTransfer::chunk_encoded(Lane& lane) {
  ++lane.encoded;
  if (!lane.sending) send_next(lane);
}

void KvTransfer::send_next(Lane& lane) {
  lane.sending = lane.sent < lane.encoded;
  if (!lane.sending) return;
  ++flows_;
  const Seconds started = loop_.now();
  network_.start(lane.from, lane.to, lane.chunks[lane.sent].wire,
                 [this, &lane, started] { chunk_sent(lane, started); });
}

void KvTransfer::chunk_sent(Lane& lane, Seconds started) {
  const Seconds now = loop_.now();
  const std::size_t chunk = lane.sent++;
  lane.network += now - started;
  Handoff& handoff = *lane.handoff;
  loop_.at(now + lane.latency, EventPriority::transfer,
           [this, &lane, chunk] { chunk_arrived(lane, chunk); });
  send_next(lane);
  if (lane.sent < lane.chunks.size()) return;
  if (++handoff.lanes_sent == handoff.lanes.size()) callbacks_.on_last_byte_left(*handoff.request);
}

void KvTransfer::chunk_arrived(Lane& lane, std::size_t chunk) {
  const Seconds duration = lane.chunks[chunk].decode;
  lane.decode += duration;
  const Seconds end = decoders_[static_cast<std::size_t>(lane.to)].submit(loop_.now(), duration);
  loop_.at(end, EventPriority::transfer, [this, &lane] { chunk_decoded(lane); });
}

void KvTransfer::chunk_decoded(Lane& lane) {
  if (++lane.decoded < lane.chunks.size()) return;
  Handoff& handoff = *lane.handoff;
  if (++handoff.lanes_decoded == handoff.lanes.size()) complete(handoff);
}

void KvTransfer::complete(Handoff& handoff) {
  RequestRecord& request = *handoff.request;
  request.kv_ready = loop_.now();
  for (const Lane& lane : handoff.lanes) {
    request.encode = std::max(request.encode, lane.encode);
    request.network = std::max(request.network, lane.network);
    request.decode_codec = std::max(request.decode_codec, lane.decode);
  }
  const std::size_t slot = handoff.slot;
  std::swap(handoffs_[slot], handoffs_.back());
  handoffs_[slot]->slot = slot;
  handoffs_.pop_back();  // ends the life of `handoff`
  callbacks_.on_kv_ready(request);
}

Seconds KvTransfer::encode_busy() const {
  Seconds sum{};
  for (const SerialResource& encoder : encoders_) sum += encoder.busy();
  return sum;
}

Seconds KvTransfer::decode_busy() const {
  Seconds sum{};
  for (const SerialResource& decoder : decoders_) sum += decoder.busy();
  return sum;
}

}  // namespace kvferry::sim
