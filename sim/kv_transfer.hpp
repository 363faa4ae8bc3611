// Carries a request's KV cache from its prefill to its decode instance.
//
// The cache is split over lanes, one per pair of tensor-parallel ranks, and each lane into chunks
// of layers. A chunk is encoded (one launch per sending GPU, for all its lanes; one launch at a
// time), sent as a flow per lane that shares links with all others (one at a time per lane, in
// order), and decoded (one launch per receiving GPU, likewise):
//
//   none       one chunk:  encode all | send all | decode all
//   pipelined  chunk i is encoded while chunk i-1 is on the wire and chunk i-2 is decoded
//
// Without a codec there is nothing to overlap: the lane's bytes are one flow.
//
// A lone pipelined lane therefore takes, for n equal chunks,
//   encode + wire + latency + decode + (n - 1) * max(encode, wire, decode).
#pragma once

#include "codec/transfer_codec.hpp"
#include "sim/event_loop.hpp"
#include "sim/flow_gate.hpp"
#include "sim/live_request.hpp"
#include "sim/placement.hpp"
#include "sim/serial_resource.hpp"
#include "sim/simulation_config.hpp"
#include "sim/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace kvferry::sim {

/// What a transfer works with; all must outlive it.
struct TransferContext {
  EventLoop& loop;
  Transport& transport;
  codec::TransferCodec& codec;
  const ModelSpec& model;
};

class KvTransfer {
 public:
  struct Callbacks {
    std::function<void(LiveRequest&)> on_last_byte_left;
    std::function<void(LiveRequest&)> on_kv_ready;
  };

  KvTransfer(const TransferContext& context, TransferConfig config, Callbacks callbacks);
  ~KvTransfer();

  /// Starts the hand-off of the last `tokens` tokens of the prompt now; the callbacks run once each.
  void begin(LiveRequest& request, std::int64_t tokens, InstanceGpus from, InstanceGpus to);

  /// Sums over all GPUs, until now.
  Seconds encode_busy() const;
  Seconds decode_busy() const;

 private:
  struct ChunkCost;
  struct Lane;
  struct Endpoint;
  struct Handoff;

  std::vector<std::vector<codec::KvSlice>> chunks_of(const Handoff& handoff) const;
  ChunkCost price(const codec::KvSlice& slice, const Handoff& handoff) const;
  void lay_lanes(Handoff& handoff, InstanceGpus from, InstanceGpus to) const;
  void price_chunks(Handoff& handoff) const;
  void encode_chunks(Endpoint& sender);
  void send_next(Lane& lane);
  void send_encoded(Lane& lane);
  void start_flow(Lane& lane);
  void chunk_sent(Lane& lane);
  void chunk_arrived(Lane& lane);
  void chunks_decoded(Handoff& handoff);
  void complete(Handoff& handoff);

  TransferContext context_;
  TransferConfig config_;
  Callbacks callbacks_;
  std::vector<SerialResource> encoders_;  ///< by sending GPU
  std::vector<SerialResource> decoders_;  ///< by receiving GPU
  std::vector<FlowGate> gates_;           ///< by sending GPU
  std::vector<std::unique_ptr<Handoff>> handoffs_;
};

/// How many parallel flows carry one request's KV cache: one per pair of GPUs, but no more in each
/// pipeline stage than KV heads, because replicated heads are sent once. A latent cache is one such
/// head: a single flow per stage.
std::int32_t transfer_lanes(const ModelSpec& model, InstanceGpus from, InstanceGpus to);

}  // namespace kvferry::sim
