#include "sim/base/portable_math.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

namespace kvferry {
namespace {

// ln 2 and pi/2 split into a part with trailing zeros, so that k * high is exact, and the
// remainder.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
constexpr double kHalfPiHigh = 0x1.921fb544p+0;
constexpr double kHalfPiMiddle = 0x1.0b4611a6p-34;
constexpr double kHalfPiLow = 0x1.3198a2e037073p-69;

// 1/0!, 1/1!, ... 1/17!: the Taylor series of exp, sine and cosine share them.
constexpr std::array<double, 18> inverse_factorials() {
  std::array<double, 18> table{};
  double factorial = 1;
  for (std::size_t n = 0; n < table.size(); ++n) {
    if (n > 0) factorial *= static_cast<double>(n);
    table[n] = 1 / factorial;
  }
  return table;
}
constexpr auto kInverseFactorial = inverse_factorials();

// 1/3, 1/5, ... 1/23: the series of atanh.
constexpr std::array<double, 11> odd_reciprocals() {
  std::array<double, 11> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = 1.0 / static_cast<double>(2 * i + 3);
  return table;
}
constexpr auto kOddReciprocal = odd_reciprocals();

// Taylor series of sine and cosine for |x| <= pi/4: the first omitted term is below 1e-17.
double sine_series(double x) {
  const double square = x * x;
  double sum = 0;
  for (int n = 17; n >= 3; n -= 2) {
    const double sign = (n / 2) % 2 == 0 ? 1.0 : -1.0;
    sum = (sum + sign * kInverseFactorial[static_cast<std::size_t>(n)]) * square;
  }
  return x + x * sum;
}

double cosine_series(double x) {
  const double square = x * x;
  double sum = 0;
  for (int n = 16; n >= 2; n -= 2) {
    const double sign = (n / 2) % 2 == 0 ? 1.0 : -1.0;
    sum = (sum + sign * kInverseFactorial[static_cast<std::size_t>(n)]) * square;
  }
  return 1 + sum;
}

struct Split {
  double mantissa;  ///< 0.5 to 1
  int exponent;
};

// As std::frexp, without the call for normal numbers.
Split split(double x) {
  constexpr std::uint64_t kExponentMask = 0x7FF0'0000'0000'0000;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<int>((bits & kExponentMask) >> 52U);
  if (exponent == 0) {  // a denormal
    int k = 0;
    const double m = std::frexp(x, &k);
    return {m, k};
  }
  constexpr std::uint64_t kHalf = 0x3FE0'0000'0000'0000;
  return {std::bit_cast<double>((bits & ~kExponentMask) | kHalf), exponent - 1022};
}

}  // namespace

double portable_exp(double x) {
  if (x > 709.78) return std::numeric_limits<double>::infinity();
  if (x < -745) return 0;
  // x = k ln 2 + r with |r| <= ln(2)/2, then e^x = 2^k e^r.
  const double k = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 0;
  for (std::size_t n = 14; n >= 2; --n) sum = (sum + kInverseFactorial[n]) * r;
  return std::ldexp(1 + (r + r * sum), static_cast<int>(k));
}

double portable_log(double x) {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s) with s = (m - 1) / (m + 1), |s| <
  // 0.172.
  auto [m, k] = split(x);
  if (m < kSqrtHalf) {
    m *= 2;
    --k;
  }
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  double sum = 0;
  for (std::size_t i = kOddReciprocal.size(); i-- > 0;) sum = (sum + kOddReciprocal[i]) * square;
  const double log_m = 2 * (s + s * sum);
  return k * kLn2High + (log_m + k * kLn2Low);
}

// The compiler turns each line into the widest instructions that its target has; all of them are
// exactly rounded, lane by lane.
void portable_log4(const double* x, double* log) {
  using Reals = double __attribute__((vector_size(32)));
  using Words = std::int64_t __attribute__((vector_size(32)));
  constexpr std::int64_t kMantissa = 0x000F'FFFF'FFFF'FFFF;
  constexpr std::int64_t kHalf = 0x3FE0'0000'0000'0000;
  Words bits;
  std::memcpy(&bits, x, sizeof bits);
  Reals m;
  const Words mantissa = (bits & kMantissa) | kHalf;
  std::memcpy(&m, &mantissa, sizeof m);
  const Words is_small = m < kSqrtHalf;  // -1 where it is
  m = is_small ? m * 2 : m;
  // The exponent as a number: its bits in the last place of 2^52, which is then taken away again.
  constexpr double kTwoTo52 = 0x1p52;
  constexpr std::int64_t kTwoTo52Bits = 0x4330'0000'0000'0000;
  const Words exponent_bits = ((bits >> 52) + is_small) | kTwoTo52Bits;
  Reals k;
  std::memcpy(&k, &exponent_bits, sizeof k);
  k = (k - kTwoTo52) - 1022;
  const Reals s = (m - 1) / (m + 1);
  const Reals square = s * s;
  Reals sum = square - square;
  for (std::size_t i = kOddReciprocal.size(); i-- > 0;) sum = (sum + kOddReciprocal[i]) * square;
  const Reals log_m = 2 * (s + s * sum);
  const Reals result = k * kLn2High + (log_m + k * kLn2Low);
  std::memcpy(log, &result, sizeof result);
}

double portable_pow(double base, double exponent) {
  if (base == 0) return exponent == 0 ? 1 : 0;
  if (exponent == 1) return base;
  return portable_exp(exponent * portable_log(base));
}

CosSin portable_cos_sin(double angle) {
  const double k = std::floor(angle / (kHalfPiHigh + kHalfPiMiddle) + 0.5);
  const double r = ((angle - k * kHalfPiHigh) - k * kHalfPiMiddle) - k * kHalfPiLow;
  const double cosine = cosine_series(r);
  const double sine = sine_series(r);
  switch (static_cast<long long>(k) & 3) {
    case 0:
      return {cosine, sine};
    case 1:
      return {-sine, cosine};
    case 2:
      return {-cosine, -sine};
    default:
      return {sine, -cosine};
  }
}

}  // namespace kvferry
