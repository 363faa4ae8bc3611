// Whole numbers whose frequency falls with a power of their size.
#pragma once

#include "sim/base/random.hpp"

#include <cstdint>

namespace kvferry::workloads {

/// P(n) proportional to n^-exponent for n from min to max, by rejection-inversion (Hoermann and
/// Derflinger 1996): exact, in constant time whatever the range.
class Zipf {
 public:
  /// 1 <= min <= max < 2^32, 0 <= exponent <= 100.
  Zipf(std::int64_t min, std::int64_t max, double exponent);

  std::int64_t draw(RandomStream& random) const;

 private:
  double weight(double n) const;    // (n / min)^-exponent
  double integral(double x) const;  // of the weight, from min to x
  double inverse_integral(double sum) const;

  std::int64_t min_;
  std::int64_t max_;
  double exponent_;
  double low_;  // of the hat's integral
  double high_;
};

}  // namespace kvferry::workloads
