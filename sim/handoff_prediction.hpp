// How long a hand-off would take if it began now and nothing changed: the rates of its flows stay what
// one more flow would get now, and the codec's queues empty as they stand. What `codec: adaptive`
// decides by.
#pragma once

#include "sim/codec_queues.hpp"
#include "sim/handoff.hpp"
#include "sim/lane_shipper.hpp"
#include "sim/transport.hpp"

#include <span>

namespace kvferry::sim {

/// @param chunks in place of the hand-off's own, which it need not have yet
/// @returns when the last of them would be decoded; infinite when no path is up
Seconds predicted_completion(const Handoff& handoff, std::span<const HandoffChunk> chunks,
                             const Transport& transport, const LaneShipper& shipper,
                             const CodecQueues& queues, Seconds now);

}  // namespace kvferry::sim
