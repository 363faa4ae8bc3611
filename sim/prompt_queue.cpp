#include "sim/prompt_queue.hpp"

#include <cstdint>
#include <tuple>

namespace kvferry::sim {
namespace {

std::int64_t queue_key(QueuePolicy policy, const Sequence& sequence) {
  switch (policy) {
    case QueuePolicy::fcfs:
      break;
    case QueuePolicy::shortest_first:
      return sequence.prompt_target;
    case QueuePolicy::priority:
      return sequence.owner->request->priority;
  }
  return 0;
}

}  // namespace

bool PromptQueue::QueuedEarlier::operator()(const Sequence* a, const Sequence* b) const {
  return std::tuple(queue_key(policy, *a), a->owner->sent_rank) <
         std::tuple(queue_key(policy, *b), b->owner->sent_rank);
}

Sequence* PromptQueue::next() const {
  if (!preempted_.empty()) return preempted_.front();
  return waiting_.empty() ? nullptr : *waiting_.begin();
}

void PromptQueue::remove_next() {
  if (!preempted_.empty()) {
    preempted_.pop_front();
  } else {
    waiting_.erase(waiting_.begin());
  }
}

}  // namespace kvferry::sim
