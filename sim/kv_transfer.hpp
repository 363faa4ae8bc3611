// Carries a request's KV cache from its prefill to its decode instance: plans the hand-off
// (handoff_plan.hpp), decides whether the codec is worth its time, and hands it to a pipeline.
//
//   none       one chunk:  encode all | send all | decode all
//   pipelined  chunk i is encoded while chunk i-1 is on the wire and chunk i-2 is decoded
//   layerwise  the same, from when prefill has computed the first chunk's layers
//
// Raw bytes have nothing to overlap after prefill: unless layerwise, a lane is then one flow.
#pragma once

#include "codec/transfer_codec.hpp"
#include "sim/codec_queues.hpp"
#include "sim/event_loop.hpp"
#include "sim/handoff_pipeline.hpp"
#include "sim/handoff_plan.hpp"
#include "sim/handoff_table.hpp"
#include "sim/lane_shipper.hpp"
#include "sim/live_request.hpp"
#include "sim/placement.hpp"
#include "sim/simulation_config.hpp"
#include "sim/transport.hpp"

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

/// Between which instances. @param block_tokens the smaller of both sides' KV blocks
struct HandoffEnds {
  InstanceGpus from;
  InstanceGpus to;
  std::int64_t block_tokens = 16;
};

/// What the codec saved on the wire, summed over all hand-offs that it compressed, each alone on its
/// path: the time of a lane that stands for all.
struct TransferSavings {
  Seconds by_bytes{};
  Seconds by_descriptors{};
};

class KvTransfer {
 public:
  struct Callbacks {
    std::function<void(LiveRequest&)> on_last_byte_left;
    std::function<void(LiveRequest&)> on_kv_ready;
    /// The network could not carry it: it is abandoned.
    std::function<void(LiveRequest&)> on_failed;
  };

  /// @param config its fidelity is chunks or fluid (fidelity.hpp)
  KvTransfer(const TransferContext& context, TransferConfig config, Callbacks callbacks);
  ~KvTransfer();

  /// Starts the hand-off of the last `tokens` tokens of the prompt now; the first two callbacks run
  /// once each, or on_failed does.
  /// @param computed when prefill computes its layers: in the past unless layerwise
  /// @returns codec time on each sending GPU
  Seconds begin(LiveRequest& request, std::int64_t tokens, const HandoffEnds& ends,
                ComputeWindow computed);

  /// Nothing of the request's hand-off goes on, and no callback runs any more. False when there is
  /// none.
  bool abandon(const LiveRequest& request);

  /// Sums over all GPUs, until now.
  Seconds encode_busy() const { return queues_.encode_busy(context_.loop.now()); }
  Seconds decode_busy() const { return queues_.decode_busy(context_.loop.now()); }
  std::int64_t handoffs() const { return begun_; }
  HandoffFidelity fidelity() const {
    return config_.fidelity == Fidelity::fluid ? HandoffFidelity::fluid : HandoffFidelity::chunks;
  }
  std::int64_t compressed_handoffs() const { return compressed_; }
  const TransferSavings& savings() const { return savings_; }

 private:
  void plan_chunks(Handoff& handoff, std::int64_t block_tokens);
  void account(Handoff& handoff, std::int64_t block_tokens);
  void lane_sent(Lane& lane);
  void decoded(Handoff& handoff);
  void complete(Handoff& handoff);
  void give_up(Handoff& handoff);
  void drop(Handoff& handoff);
  static void take_back_unsent(const Handoff& handoff);
  PipelineContext pipeline_context();
  std::unique_ptr<HandoffPipeline> create_pipeline();

  TransferContext context_;
  TransferConfig config_;
  Callbacks callbacks_;
  HandoffTable handoffs_;
  CodecQueues queues_;
  LaneShipper shipper_;
  std::unique_ptr<HandoffPipeline> pipeline_;
  std::int64_t begun_ = 0;
  std::int64_t compressed_ = 0;
  TransferSavings savings_;
};

}  // namespace kvferry::sim
