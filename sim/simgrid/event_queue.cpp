#include "sim/simgrid/event_queue.hpp"

#include <simgrid/s4u/Engine.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <tuple>
#include <utility>

namespace kvferry::sim {

EventQueue::EventQueue() : Model("kvferry-events") {}

std::shared_ptr<EventQueue> EventQueue::install() {
  auto queue = std::make_shared<EventQueue>();
  simgrid::s4u::Engine::get_instance()->add_model(queue);
  simgrid::s4u::Engine::on_time_advance_cb([raw = queue.get()](double) { raw->run_due_events(); });
  return queue;
}

Seconds EventQueue::now() const {
  return {simgrid::s4u::Engine::get_clock()};
}

bool EventQueue::runs_later(const Event& a, const Event& b) {
  return std::tie(a.when, a.priority, a.sequence) > std::tie(b.when, b.priority, b.sequence);
}

void EventQueue::at(Seconds when, EventPriority priority, Callback callback) {
  assert(std::isfinite(when.value) && when >= now());
  if (stopped_) return;
  heap_.push_back({when.value, priority, next_sequence_++, std::move(callback)});
  std::push_heap(heap_.begin(), heap_.end(), runs_later);
}

void EventQueue::stop() {
  stopped_ = true;
  heap_.clear();
}

// SimGrid's convention: the time until our next event, or a negative number when there is none.
double EventQueue::next_occurring_event(double now) {
  return heap_.empty() ? -1.0 : std::max(0.0, heap_.front().when - now);
}

void EventQueue::update_actions_state(double, double) {}

// SimGrid reports the flows that end at this date only after we return. Before the first dispatch
// of a date we therefore return once: SimGrid comes back at the same date, with the ends of flows
// among the events.
void EventQueue::run_due_events() {
  while (!heap_.empty() && heap_.front().when <= now().value) {
    if (heap_.front().priority >= EventPriority::dispatch && settled_at_ != now()) {
      settled_at_ = now();
      return;
    }
    std::pop_heap(heap_.begin(), heap_.end(), runs_later);
    const Callback callback = std::move(heap_.back().callback);
    heap_.pop_back();
    callback();
  }
}

}  // namespace kvferry::sim
