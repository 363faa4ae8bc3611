#include "workloads/stationary_gaps.hpp"

#include "sim/base/portable_math.hpp"
#include "workloads/gap_law.hpp"

namespace kvferry::workloads {
StationaryGaps::StationaryGaps(GapPattern pattern, double shape)
    : pattern_(pattern), shape_(shape) {
  if (pattern == GapPattern::gamma) scale_ = 1 / shape;
  if (pattern == GapPattern::weibull) scale_ = portable_exp(-log_gamma(1 + 1 / shape));
}

double StationaryGaps::next(RandomStream& random) const {
  switch (pattern_) {
    case GapPattern::exponential:
      return random.exponential();
    case GapPattern::gamma:
      return random.gamma(shape_) * scale_;
    case GapPattern::weibull:
      return portable_pow(random.exponential(), 1 / shape_) * scale_;
  }
  return 1;
}

// Weighted by length, Gamma(k) gaps are Gamma(k + 1) ones of the same scale, and (gap / scale)^k of
// Weibull gaps is Gamma(1 + 1/k).
double StationaryGaps::first(RandomStream& random) const {
  switch (pattern_) {
    case GapPattern::exponential:
      return random.exponential();
    case GapPattern::gamma:
      return random.uniform() * random.gamma(shape_ + 1) * scale_;
    case GapPattern::weibull:
      return random.uniform() * portable_pow(random.gamma(1 + 1 / shape_), 1 / shape_) * scale_;
  }
  return 1;
}

}  // namespace kvferry::workloads
