// What prefill and decode engines have in common.
#pragma once

#include "sim/event_loop.hpp"
#include "sim/iteration_time.hpp"
#include "sim/kv_blocks.hpp"

namespace kvferry::sim {

/// The loop and the time model must outlive the engine; the blocks become its own.
struct EngineParts {
  EventLoop& loop;
  const IterationTime& iteration_time;
  KvBlocks blocks;
};

/// Adds up the time an engine spends in iterations.
class BusyClock {
 public:
  void start(Seconds now) {
    running_ = true;
    started_ = now;
  }
  void stop(Seconds now) {
    running_ = false;
    busy_ += now - started_;
    ++iterations_;
  }

  /// An iteration under way counts as far as it has got.
  Seconds busy_until(Seconds now) const { return running_ ? busy_ + (now - started_) : busy_; }
  /// Completed iterations.
  std::int64_t iterations() const { return iterations_; }
  /// When the running iteration started, or the last one.
  Seconds started() const { return started_; }

 private:
  bool running_ = false;
  Seconds started_{};
  Seconds busy_{};
  std::int64_t iterations_ = 0;
};

}  // namespace kvferry::sim
