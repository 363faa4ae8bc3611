// The hand-offs under way. One that is abandoned lives on until the last event that would look at it
// has found it so.
#pragma once

#include "sim/handoff.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace kvferry::sim {

class HandoffTable {
 public:
  Handoff& add(LiveRequest& request, std::int64_t tokens) {
    handoffs_.push_back(std::make_unique<Handoff>());
    Handoff& handoff = *handoffs_.back();
    handoff.request = &request;
    handoff.tokens = tokens;
    handoff.slot = handoffs_.size() - 1;
    return handoff;
  }

  /// The one of this request that is not abandoned; nullptr when there is none.
  Handoff* find(const LiveRequest& request) const {
    const auto found = std::ranges::find_if(handoffs_, [&](const auto& handoff) {
      return handoff->request == &request && !handoff->abandoned;
    });
    return found == handoffs_.end() ? nullptr : found->get();
  }

  /// An event that will look at the hand-off has been scheduled.
  static void expect(Handoff& handoff) { ++handoff.events; }
  /// It was cancelled.
  static void expect_no_more(Handoff& handoff) { --handoff.events; }
  /// Its turn has come. False when the hand-off was abandoned: it must not be touched any more.
  bool wakes(Handoff& handoff) {
    --handoff.events;
    if (!handoff.abandoned) return true;
    erase_if_forgotten(handoff);
    return false;
  }

  /// It is over. Not to be touched any more.
  void erase(Handoff& handoff) {
    handoff.abandoned = true;
    erase_if_forgotten(handoff);
  }

 private:
  void erase_if_forgotten(Handoff& handoff) {
    if (handoff.events > 0) return;
    const std::size_t slot = handoff.slot;
    std::swap(handoffs_[slot], handoffs_.back());
    handoffs_[slot]->slot = slot;
    handoffs_.pop_back();
  }

  std::vector<std::unique_ptr<Handoff>> handoffs_;
};

}  // namespace kvferry::sim
