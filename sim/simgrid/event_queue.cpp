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
  return std::tie(a.when, a.priority, a.rank, a.sequence) >
         std::tie(b.when, b.priority, b.rank, b.sequence);
}

// SimGrid moves its clock by differences: it may stand a rounding error after the date it was sent to.
bool EventQueue::is_about_now_or_later(Seconds when) const {
  constexpr double kRounding = 1e-12;
  return when.value >= now().value * (1 - kRounding);
}

EventHandle EventQueue::at(Seconds when, EventPriority priority, Callback callback,
                           std::int32_t rank) {
  assert(std::isfinite(when.value) && is_about_now_or_later(when));
  if (stopped_) return {};
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = {next_sequence_, std::move(callback)};
  heap_.push_back({std::max(when, now()).value, priority, rank, next_sequence_, slot});
  std::push_heap(heap_.begin(), heap_.end(), runs_later);
  return {slot, next_sequence_++};
}

EventLoop::Callback EventQueue::take(const Event& event) {
  Slot& slot = slots_[event.slot];
  slot.sequence = 0;
  free_slots_.push_back(event.slot);
  return std::exchange(slot.callback, nullptr);
}

// The heap forgets the event when its turn comes.
void EventQueue::cancel(EventHandle event) {
  if (event.sequence == 0 || stopped_ || slots_[event.slot].sequence != event.sequence) return;
  take({{}, {}, {}, event.sequence, event.slot});
}

void EventQueue::drop_cancelled() {
  while (!heap_.empty() && !is_live(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), runs_later);
    heap_.pop_back();
  }
}

void EventQueue::stop() {
  stopped_ = true;
  heap_.clear();
}

// SimGrid's convention: the time until our next event, or a negative number when there is none.
double EventQueue::next_occurring_event(double now) {
  drop_cancelled();
  return heap_.empty() ? -1.0 : std::max(0.0, heap_.front().when - now);
}

void EventQueue::update_actions_state(double, double) {}

// SimGrid reports the flows that end at this date only after we return. Before the first dispatch
// of a date we therefore return once: SimGrid comes back at the same date, with the ends of flows
// among the events.
void EventQueue::run_due_events() {
  const double date = now().value;
  for (drop_cancelled(); !heap_.empty() && heap_.front().when <= date; drop_cancelled()) {
    if (heap_.front().priority >= EventPriority::dispatch && settled_at_.value != date) {
      settled_at_ = {date};
      return;
    }
    std::pop_heap(heap_.begin(), heap_.end(), runs_later);
    const Callback callback = take(heap_.back());
    heap_.pop_back();
    callback();
  }
}

}  // namespace kvferry::sim
