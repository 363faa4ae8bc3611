// Bounds how many flows of one NIC are on the wire at a time, first come, first served, as queue
// pairs and transfer workers do. It also keeps the number of flows that share a link small, which
// is what sharing costs time for.
#pragma once

#include <deque>
#include <functional>
#include <utility>

namespace kvferry::sim {

class FlowGate {
 public:
  explicit FlowGate(int places) : places_(places) {}

  /// Runs `start` now or when a place becomes free.
  void enter(std::function<void()> start) {
    if (places_ == 0) {
      waiting_.push_back(std::move(start));
      return;
    }
    --places_;
    start();
  }

  /// A flow that had entered has ended.
  void leave() {
    if (waiting_.empty()) {
      ++places_;
      return;
    }
    const std::function<void()> next = std::move(waiting_.front());
    waiting_.pop_front();
    next();
  }

 private:
  int places_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace kvferry::sim
