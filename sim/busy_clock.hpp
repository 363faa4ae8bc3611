// How long an engine was busy.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>

namespace kvferry::sim {

/// Adds up the time an engine spends in iterations.
class BusyClock {
 public:
  void start(Seconds now) {
    running_ = true;
    started_ = now;
  }
  void stop(Seconds now, std::int64_t iterations) {
    running_ = false;
    busy_ += now - started_;
    iterations_ += iterations;
  }

  /// An iteration under way counts as far as it has got.
  Seconds busy_until(Seconds now) const { return running_ ? busy_ + (now - started_) : busy_; }
  /// Completed iterations.
  std::int64_t iterations() const { return iterations_; }

 private:
  bool running_ = false;
  Seconds started_{};
  Seconds busy_{};
  std::int64_t iterations_ = 0;
};

}  // namespace kvferry::sim
