// Carries a request's KV cache from its prefill to its decode instance.
//
// The cache is split over lanes, one per pair of tensor-parallel ranks, and each lane into chunks
// of layers. A chunk is encoded (one at a time on the sending GPU), sent as a flow that shares
// links with all others (one at a time per lane, in order), and decoded (one at a time on the
// receiving GPU):
//
//   none       one chunk:  encode all | send all | decode all
//   pipelined  chunk i is encoded while chunk i-1 is on the wire and chunk i-2 is decoded
//
// A lone pipelined lane therefore takes, for n equal chunks,
//   encode + wire + latency + decode + (n - 1) * max(encode, wire, decode).
#pragma once

#include "codec/transfer_codec.hpp"
#include "sim/base/record.hpp"
#include "sim/event_loop.hpp"
#include "sim/network.hpp"
#include "sim/placement.hpp"
#include "sim/serial_resource.hpp"
#include "sim/simulation_config.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace kvferry::sim {

class KvTransfer {
 public:
  struct Callbacks {
    std::function<void(RequestRecord&)> on_last_byte_left;
    std::function<void(RequestRecord&)> on_kv_ready;
  };

  KvTransfer(EventLoop& loop, Network& network, codec::TransferCodec& codec,
             const topologies::Topology& topology, const ModelSpec& model, TransferConfig config,
             Callbacks callbacks);
  ~KvTransfer();

  /// Starts the hand-off now; the callbacks run once each.
  void begin(RequestRecord& request, InstanceGpus from, InstanceGpus to);

  Seconds encode_busy() const;
  Seconds decode_busy() const;
  std::int64_t flows() const { return flows_; }

 private:
  struct Lane;
  struct Handoff;

  std::vector<codec::KvSlice> chunks_of(const RequestRecord& request, std::int32_t lanes) const;
  void encode_chunk(Lane& lane, std::size_t chunk);
  void chunk_encoded(Lane& lane);
  void send_next(Lane& lane);
  void chunk_sent(Lane& lane, Seconds started);
  void chunk_arrived(Lane& lane, std::size_t chunk);
  void chunk_decoded(Lane& lane);
  void complete(Handoff& handoff);

  EventLoop& loop_;
  Network& network_;
  codec::TransferCodec& codec_;
  const topologies::Topology& topology_;
  const ModelSpec& model_;
  TransferConfig config_;
  Callbacks callbacks_;
  std::vector<SerialResource> encoders_;  ///< by sending GPU
  std::vector<SerialResource> decoders_;  ///< by receiving GPU
  std::vector<std::unique_ptr<Handoff>> handoffs_;
  std::int64_t flows_ = 0;
};

/// How many parallel flows carry one request's KV cache: one per pair of ranks, but no more than KV
/// heads, because replicated heads are sent once.
std::int32_t transfer_lanes(const ModelSpec& model, std::int32_t prefill_ranks,
                            std::int32_t decode_ranks);

}  // namespace kvferry::sim
