#include "workloads/stationary_gaps.hpp"

#include "sim/base/portable_math.hpp"

namespace kvferry::workloads {
namespace {

constexpr double kHalfLogTwoPi = 0.9189385332046727;

// ln Gamma(x) for x >= 1: Stirling's series from 12 on, reached by Gamma(x + 1) = x Gamma(x).
double log_gamma_function(double x) {
  double log_product = 0;
  for (; x < 12; x += 1) log_product += portable_log(x);
  const double y = 1 / (x * x);
  const double series =
      (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
  return (x - 0.5) * portable_log(x) - x + kHalfLogTwoPi + series - log_product;
}

}  // namespace

StationaryGaps::StationaryGaps(GapPattern pattern, double shape)
    : pattern_(pattern), shape_(shape) {
  if (pattern == GapPattern::gamma) scale_ = 1 / shape;
  if (pattern == GapPattern::weibull) scale_ = portable_exp(-log_gamma_function(1 + 1 / shape));
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
