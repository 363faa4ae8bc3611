// How fast the bytes of a lane may go while the encoder still works on them: as fast as they can
// where they cannot overtake it, otherwise as fast as it gives them.
//
//   bytes
//     |                ___|   encoded: a chunk at a time
//     |            ___|  /
//     |        ___|    /      sent, held: from here to the foot of the lowest of the coming steps
//     |    ___|      /
//     |___|  _____/           sent, not held: at most the line rate
//     +------------------- time
#pragma once

#include "sim/base/units.hpp"
#include "sim/handoff.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace kvferry::sim {

/// When the chunks of a lane are encoded, and what comes with each.
struct Production {
  std::span<const Seconds> encoded;  ///< in order
  std::span<const HandoffChunk> chunks;
};

struct Pace {
  std::optional<BytesPerSecond> cap;  ///< of the lane's own bytes
  std::optional<Seconds> until;       ///< when to look again; nothing: it holds until the end
};

/// Until the next look no more is sent than is encoded; only where everything encoded has been sent
/// already may half a chunk of the next one go ahead of it.
/// @param sent bytes, until `now`
/// @param line_rate that the lane cannot exceed
/// @param interval that looks are apart, at least; the last is when everything is encoded
Pace next_pace(const Production& production, double sent, Seconds now, BytesPerSecond line_rate,
               Seconds interval);

/// How far apart to look at a lane: see the rule above its definition.
Seconds look_interval(const Production& production);

}  // namespace kvferry::sim
