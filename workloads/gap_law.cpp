#include "workloads/gap_law.hpp"

#include "sim/base/error.hpp"
#include "sim/base/portable_math.hpp"
#include "sim/base/quantity_text.hpp"

#include <cmath>
#include <string>

namespace kvferry::workloads {
namespace {

// Below this the gaps are equal to all digits that matter, and the shape 1 / cv^2 leaves the range
// of doubles.
constexpr double kSmallestCv = 1e-6;

constexpr double kHalfLogTwoPi = 0.9189385332046727;
constexpr double kPiOverRootSix = 1.2825498301618641;

// cv^2 of Weibull gaps of that shape.
double weibull_cv_squared(double shape) {
  return portable_exp(log_gamma(1 + 2 / shape) - 2 * log_gamma(1 + 1 / shape)) - 1;
}

bool has_equal_gaps(ArrivalProcess process, double cv) {
  const bool varies = process == ArrivalProcess::gamma || process == ArrivalProcess::weibull;
  return process == ArrivalProcess::deterministic || (varies && cv < kSmallestCv);
}

}  // namespace

void check_cv(double cv) {
  if (cv >= 0 && cv <= kLargestCv) return;
  throw InputError("arrivals: the coefficient of variation must be from 0 to " +
                   shortest_decimal(kLargestCv) + ", found " + shortest_decimal(cv));
}

// Stirling's series where it is good to all digits, reached by Gamma(x + 1) = x Gamma(x).
double log_gamma(double x) {
  double product = 1;
  while (x < 12) product *= x++;
  const double inverse_square = 1 / (x * x);
  const double series =
      (1.0 / 12 -
       inverse_square *
           (1.0 / 360 - inverse_square *
                            (1.0 / 1260 - inverse_square * (1.0 / 1680 - inverse_square / 1188)))) /
      x;
  return (x - 0.5) * portable_log(x) - x + kHalfLogTwoPi + series - portable_log(product);
}

double weibull_shape(double cv) {
  // For large shapes cv = pi / (sqrt(6) shape) (1 + O(1/shape)), and the difference below cancels.
  if (cv < 1e-3) return kPiOverRootSix / cv;
  double low = 0.1;  // cv 430
  double high = 2000;
  for (int step = 0; step < 200 && low < high; ++step) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (weibull_cv_squared(middle) > cv * cv ? low : high) = middle;
  }
  return high;
}

GapLaw::GapLaw(ArrivalProcess process, double cv)
    : process_(has_equal_gaps(process, cv) ? ArrivalProcess::deterministic : process) {
  if (process_ == ArrivalProcess::gamma) {
    scale_ = cv * cv;
    shape_ = 1 / scale_;
  }
  if (process_ == ArrivalProcess::weibull) {
    shape_ = weibull_shape(cv);
    scale_ = portable_exp(-log_gamma(1 + 1 / shape_));
  }
}

double GapLaw::draw(RandomStream& random) const {
  switch (process_) {
    case ArrivalProcess::deterministic:
      return 1;
    case ArrivalProcess::poisson:
      return random.exponential();
    case ArrivalProcess::gamma:
      return random.gamma(shape_) * scale_;
    case ArrivalProcess::weibull:
      return portable_pow(random.exponential(), 1 / shape_) * scale_;
  }
  return 1;
}

}  // namespace kvferry::workloads
