// Our events inside SimGrid's main loop: a heap ordered by (date, priority, rank, sequence), plugged in
// as one more model that SimGrid asks for its next date. Callbacks run outside of any actor, right
// after SimGrid has moved its clock and its flows to that date.
#pragma once

#include "sim/event_loop.hpp"

#include <simgrid/kernel/resource/Model.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace kvferry::sim {

class EventQueue final : public simgrid::kernel::resource::Model, public EventLoop {
 public:
  /// Creates the queue and registers it with the engine, which must exist and outlive it.
  static std::shared_ptr<EventQueue> install();

  EventQueue();

  Seconds now() const override;
  EventHandle at(Seconds when, EventPriority priority, Callback callback,
                 std::int32_t rank = 0) override;
  void cancel(EventHandle event) override;
  void stop() override;

 private:
  struct Event {
    double when;
    EventPriority priority;
    std::int32_t rank;
    std::uint64_t sequence;
    std::uint32_t slot;  ///< of its callback
  };
  /// Callbacks stay where they are while the heap moves; a slot whose sequence is not the event's
  /// belongs to nobody, or to another event.
  struct Slot {
    std::uint64_t sequence;
    Callback callback;
  };
  static bool runs_later(const Event& a, const Event& b);
  double next_occurring_event(double now) override;
  void update_actions_state(double now, double delta) override;
  void run_due_events();
  bool is_about_now_or_later(Seconds when) const;
  void drop_cancelled();
  bool is_live(const Event& event) const { return slots_[event.slot].sequence == event.sequence; }
  Callback take(const Event& event);

  std::vector<Event> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::uint64_t next_sequence_ = 1;
  bool stopped_ = false;
  Seconds settled_at_{-1};  ///< the date whose flow ends have been seen
};

}  // namespace kvferry::sim
