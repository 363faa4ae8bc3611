#include "workloads/zipf.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::workloads {
namespace {

// (e^x - 1) / x and ln(1 + x) / x, with their series where the quotients cancel.
double exp_quotient(double x) {
  if (std::abs(x) > 1e-5) return (portable_exp(x) - 1) / x;
  return 1 + x / 2 * (1 + x / 3 * (1 + x / 4));
}
double log_quotient(double x) {
  if (std::abs(x) > 1e-5) return portable_log(1 + x) / x;
  return 1 - x * (1.0 / 2 - x * (1.0 / 3 - x / 4));
}

}  // namespace

Zipf::Zipf(std::int64_t min, std::int64_t max, double exponent)
    : min_(min), max_(max), exponent_(exponent) {
  const auto least = static_cast<double>(min);
  low_ = integral(least + 0.5) - weight(least);
  high_ = integral(static_cast<double>(max) + 0.5);
}

// Relative to that of the minimum, so that steep laws of large numbers keep their digits.
double Zipf::weight(double n) const {
  return portable_exp(-exponent_ * portable_log(n / static_cast<double>(min_)));
}

double Zipf::integral(double x) const {
  const auto least = static_cast<double>(min_);
  const double log_x = portable_log(x / least);
  return least * exp_quotient((1 - exponent_) * log_x) * log_x;
}

double Zipf::inverse_integral(double sum) const {
  // The integral stays below minimum / (exponent - 1); rounding must not carry it beyond.
  const auto least = static_cast<double>(min_);
  const double x = std::max((1 - exponent_) * sum / least, -1 + 1e-16);
  return least * portable_exp(log_quotient(x) * sum / least);
}

// Under the hat the interval from n - 1/2 to n + 1/2 has at least the weight of n, because the
// weight is convex; what it has too much is rejected. The first interval begins where it fits.
std::int64_t Zipf::draw(RandomStream& random) const {
  for (;;) {
    const double sum = high_ + random.uniform() * (low_ - high_);
    const double x = inverse_integral(sum);
    const double rounded = std::floor(x + 0.5);
    const auto n =
        std::clamp(rounded < static_cast<double>(max_) ? static_cast<std::int64_t>(rounded) : max_,
                   min_, max_);
    const auto nearest = static_cast<double>(n);
    if (sum >= integral(nearest + 0.5) - weight(nearest)) return n;
  }
}

}  // namespace kvferry::workloads
