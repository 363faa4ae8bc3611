// Bounds how many hand-offs one NIC sends at a time, first come, first served, as queue pairs and
// transfer workers do. It also keeps the number of flows that share a link small, which is what
// sharing costs time for.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

namespace kvferry::sim {

class FlowGate {
 public:
  explicit FlowGate(int places) : places_(places) {}

  /// Runs `start` now or when a place becomes free. @param who names the one that enters
  void enter(const void* who, std::function<void()> start) {
    if (places_ == 0) {
      waiting_.emplace_back(who, std::move(start));
      return;
    }
    --places_;
    start();
  }

  /// One that had entered has ended.
  void leave() {
    if (waiting_.empty()) {
      ++places_;
      return;
    }
    const std::function<void()> next = std::move(waiting_.front().second);
    waiting_.pop_front();
    next();
  }

  /// True when it was waiting: it will not start.
  bool forget(const void* who) {
    const auto place = std::ranges::find(waiting_, who, &Waiting::first);
    if (place == waiting_.end()) return false;
    waiting_.erase(place);
    return true;
  }

 private:
  using Waiting = std::pair<const void*, std::function<void()>>;
  int places_;
  std::deque<Waiting> waiting_;
};

}  // namespace kvferry::sim
