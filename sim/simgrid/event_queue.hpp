// Our events inside SimGrid's main loop: a heap ordered by (date, priority, sequence), plugged in
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
  void at(Seconds when, EventPriority priority, Callback callback) override;
  void stop() override;

 private:
  struct Event {
    double when;
    EventPriority priority;
    std::uint64_t sequence;
    Callback callback;
  };
  static bool runs_later(const Event& a, const Event& b);
  double next_occurring_event(double now) override;
  void update_actions_state(double now, double delta) override;
  void run_due_events();

  std::vector<Event> heap_;
  std::uint64_t next_sequence_ = 0;
  bool stopped_ = false;
  Seconds settled_at_{-1};  ///< the date whose flow ends have been seen
};

}  // namespace kvferry::sim
