// Simulated time: what is to happen, and in which order.
//
// The order of events is total: by date, then by priority, then by rank, then by the order in which
// they were scheduled.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <functional>

namespace kvferry::sim {

/// At the same instant, earlier ones run first.
enum class EventPriority : std::uint8_t {
  iteration_end,  ///< a batch ends: frees what others may be waiting for
  transfer,       ///< a codec stage or a delivery ends: likewise
  failure,        ///< a link or an instance fails or comes back: what ended just then has ended
  arrival,        ///< a request arrives: seen by everything that is decided at this instant
  dispatch,       ///< an idle engine forms its next batch, knowing all of the above
  horizon,        ///< the end of what is observed: everything else of this instant still counts
};

/// Names a scheduled event; a default one names none.
struct EventHandle {
  std::uint32_t slot{};
  std::uint64_t sequence{};  ///< 0: none
};

class EventLoop {
 public:
  using Callback = std::function<void()>;

  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  virtual ~EventLoop() = default;

  /// The simulated date; never goes back.
  virtual Seconds now() const = 0;

  /// Runs `callback` at `when`, which must be finite and not in the past.
  /// @param rank orders events of one date and priority: engines end their iterations in the order of
  ///   their numbers, however long ago each of these ends was foreseen
  virtual EventHandle at(Seconds when, EventPriority priority, Callback callback,
                         std::int32_t rank = 0) = 0;

  /// The event will not run, and the clock does not stop at its date. One that has run, or was
  /// cancelled before, is none any more.
  virtual void cancel(EventHandle event) = 0;

  /// Nothing scheduled so far or later runs any more.
  virtual void stop() = 0;
};

}  // namespace kvferry::sim
