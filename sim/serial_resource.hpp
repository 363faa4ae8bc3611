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
    busy_ += duration;
    return free_at_;
  }

  Seconds busy() const { return busy_; }

 private:
  Seconds free_at_{};
  Seconds busy_{};
};

}  // namespace kvferry::sim
