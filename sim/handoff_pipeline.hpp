// What happens to a hand-off between its plan and its last decoded byte: encode, send, decode, at one
// of two levels of detail (chunk_pipeline.hpp, fluid_pipeline.hpp).
#pragma once

#include "sim/codec_queues.hpp"
#include "sim/event_loop.hpp"
#include "sim/handoff.hpp"
#include "sim/handoff_table.hpp"
#include "sim/lane_shipper.hpp"

#include <functional>

namespace kvferry::sim {

/// What a pipeline works with, and whom it tells; all must outlive it.
struct PipelineContext {
  EventLoop& loop;
  HandoffTable& handoffs;
  CodecQueues& queues;
  LaneShipper& shipper;
  std::function<void(Lane&)> on_lane_sent;    ///< its last byte has left
  std::function<void(Handoff&)> on_complete;  ///< everything has arrived and is decoded
};

class HandoffPipeline {
 public:
  HandoffPipeline() = default;
  HandoffPipeline(const HandoffPipeline&) = delete;
  HandoffPipeline& operator=(const HandoffPipeline&) = delete;
  virtual ~HandoffPipeline() = default;

  /// @pre it has lanes and chunks. @param first_send no byte leaves earlier
  virtual void begin(Handoff& handoff, Seconds first_send) = 0;
  /// What the shipper was given for this lane has left.
  virtual void sent(Lane& lane) = 0;
  /// Called before its lanes are dropped.
  virtual void abandoned(Handoff& handoff) = 0;
};

}  // namespace kvferry::sim
