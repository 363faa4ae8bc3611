// Follows every chunk of a hand-off: encoded when prefill has computed its layers and the sending GPU
// has encoded what came before (one launch per GPU, for all its lanes), sent as a flow per lane, one
// at a time and in order, and decoded when all lanes of the receiving GPU have it.
//
// A lone lane whose n equal chunks are all computed takes
//   encode + wire + delay + decode + (n - 1) * max(encode, wire, decode).
#pragma once

#include "sim/handoff_pipeline.hpp"

namespace kvferry::sim {

class ChunkPipeline final : public HandoffPipeline {
 public:
  explicit ChunkPipeline(PipelineContext context) : context_(std::move(context)) {}

  void begin(Handoff& handoff, Seconds first_send) override;
  void sent(Lane& lane) override;
  void abandoned(Handoff&) override {}

 private:
  void encode_all(Endpoint& sender, Seconds first_send);
  void await_chunk(Endpoint& sender);
  void encode_next(Endpoint& sender);
  void send_at(Lane& lane, Seconds when);
  void send_next(Lane& lane);
  void ship(Lane& lane);
  void arrived(Lane& lane);
  void decoded(Handoff& handoff);

  PipelineContext context_;
};

}  // namespace kvferry::sim
