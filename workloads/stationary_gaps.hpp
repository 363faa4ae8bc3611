// Gaps of a renewal process that has been running for ever: from any date on, the mean number of
// events in a time t is exactly t / mean gap, however irregular the gaps are. For that, the first
// event comes after a uniform share of a gap that is drawn in proportion to its length.
#pragma once

#include "sim/base/random.hpp"

#include <cstdint>

namespace kvferry::workloads {

enum class GapPattern : std::uint8_t { exponential, gamma, weibull };

class StationaryGaps {
 public:
  /// `shape` counts for gamma and weibull, and must be above 0.
  StationaryGaps(GapPattern pattern, double shape);

  /// From the start of the observation to the first event; the mean gap is 1.
  double first(RandomStream& random) const;

  /// From one event to the next; mean 1.
  double next(RandomStream& random) const;

 private:
  GapPattern pattern_;
  double shape_;
  double scale_ = 1;
};

}  // namespace kvferry::workloads
