// Something that does one job at a time, first come, first served: a codec engine on a GPU.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>

namespace kvferry::sim {

class SerialResource {
 public:
  /// Queues a job that is ready at `now`; returns when it ends. Calls must come in the order of
  /// `now`.
  Seconds submit(Seconds now, Seconds duration) {
    free_at_ = std::max(free_at_, now) + duration;
    submitted_ += duration;
    return free_at_;
  }

  /// When everything that was submitted ends.
  Seconds free_at() const { return free_at_; }

  /// Time spent on jobs until `now`, which is not before the last submit.
  Seconds busy_until(Seconds now) const {
    return submitted_ - std::max(Seconds{0}, free_at_ - now);
  }

 private:
  Seconds free_at_{};
  Seconds submitted_{};
};

}  // namespace kvferry::sim
