// Prompts that wait for their turn in an engine: first those that had lost their room, the most urgent
// one first, then the others in the order of a policy.
#pragma once

#include "sim/live_request.hpp"
#include "sim/simulation_config.hpp"

#include <deque>
#include <set>

namespace kvferry::sim {

class PromptQueue {
 public:
  explicit PromptQueue(QueuePolicy policy) : waiting_(QueuedEarlier{policy}) {}

  void add(Sequence& sequence) { waiting_.insert(&sequence); }
  /// One that has just lost its room: nobody is more urgent.
  void put_first(Sequence& sequence) { preempted_.push_front(&sequence); }

  /// nullptr when it is empty.
  Sequence* next() const;
  /// @pre not empty
  void remove_next();

  bool empty() const { return waiting_.empty() && preempted_.empty(); }
  bool has_preempted() const { return !preempted_.empty(); }

 private:
  struct QueuedEarlier {
    bool operator()(const Sequence* a, const Sequence* b) const;
    QueuePolicy policy;
  };

  std::set<Sequence*, QueuedEarlier> waiting_;
  std::deque<Sequence*> preempted_;
};

}  // namespace kvferry::sim
