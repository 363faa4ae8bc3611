// One gap between two arrivals, in units of the mean gap.
#pragma once

#include "sim/base/random.hpp"
#include "workloads/arrivals.hpp"

#include <cstdint>

namespace kvferry::workloads {

/// The rates and coefficients of variation that arrivals may have.
/// Slower than one request in thirty years, dates leave the range of 64-bit nanoseconds.
inline constexpr double kLowestRatePerSecond = 1e-9;
/// Beyond this nearly every gap is too small for a double, and no sample shows the mean.
inline constexpr double kLargestCv = 100;

/// @throws InputError unless 0 <= cv <= 100.
void check_cv(double cv);

/// The Weibull shape of that coefficient of variation, 0 < cv <= 100.
double weibull_shape(double cv);

/// ln Gamma(x) for x >= 1, the same on every machine.
double log_gamma(double x);

class GapLaw {
 public:
  /// The coefficient of variation counts for gamma and weibull only.
  GapLaw(ArrivalProcess process, double cv);

  /// Mean 1.
  double draw(RandomStream& random) const;

 private:
  ArrivalProcess process_;
  double shape_ = 1;
  double scale_ = 1;
};

}  // namespace kvferry::workloads
