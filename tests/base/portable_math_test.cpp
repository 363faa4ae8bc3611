#include "sim/base/portable_math.hpp"

#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace kvferry {
namespace {

double relative_error(double value, double reference) {
  return reference == 0 ? std::abs(value) : std::abs(value - reference) / std::abs(reference);
}

TEST(PortableMath, ExpAgreesWithTheCLibrary) {
  RandomStream random(1, "exp");
  for (int i = 0; i < 200'000; ++i) {
    const double x = (random.uniform() - 0.5) * 1400;
    ASSERT_LT(relative_error(portable_exp(x), std::exp(x)), 5e-16) << x;
  }
}

TEST(PortableMath, ExpIsExactAtItsLimits) {
  EXPECT_EQ(portable_exp(0), 1);
  EXPECT_EQ(portable_exp(-1000), 0);
  EXPECT_EQ(portable_exp(1000), std::numeric_limits<double>::infinity());
}

TEST(PortableMath, FourLogarithmsHaveTheBitsOfSingleOnes) {
  RandomStream random(5, "log4");
  for (int i = 0; i < 50'000; ++i) {
    std::array<double, 4> x{};
    for (double& value : x)
      value = std::ldexp(0.5 + random.uniform() / 2, static_cast<int>(random.below(2000)) - 1000);
    std::array<double, 4> logs{};
    portable_log4(x.data(), logs.data());
    for (std::size_t lane = 0; lane < 4; ++lane)
      ASSERT_EQ(logs[lane], portable_log(x[lane])) << x[lane];
  }
}

TEST(PortableMath, LogAgreesWithTheCLibrary) {
  RandomStream random(1, "log");
  for (int i = 0; i < 200'000; ++i) {
    const double x = std::exp((random.uniform() - 0.5) * 1400);
    ASSERT_LT(relative_error(portable_log(x), std::log(x)), 5e-16) << x;
  }
  for (int i = 0; i < 200'000; ++i) {
    const double x = 1 + (random.uniform() - 0.5) * 1e-3;
    ASSERT_LT(relative_error(portable_log(x), std::log(x)), 5e-16) << x;
  }
  EXPECT_EQ(portable_log(1), 0);
}

TEST(PortableMath, PowAgreesWithTheCLibrary) {
  RandomStream random(1, "pow");
  for (int i = 0; i < 200'000; ++i) {
    const double base = std::exp((random.uniform() - 0.5) * 60);
    const double exponent = random.uniform() * 5;
    ASSERT_LT(relative_error(portable_pow(base, exponent), std::pow(base, exponent)), 4e-14)
        << base << " ^ " << exponent;
  }
  EXPECT_EQ(portable_pow(0, 2.5), 0);
  EXPECT_EQ(portable_pow(0, 0), 1);
  EXPECT_EQ(portable_pow(3.25, 1), 3.25);
}

TEST(PortableMath, CosineAndSineAgreeWithTheCLibrary) {
  RandomStream random(1, "angle");
  for (int i = 0; i < 200'000; ++i) {
    const double angle = (random.uniform() - 0.5) * 2e6;
    const CosSin result = portable_cos_sin(angle);
    ASSERT_NEAR(result.cosine, std::cos(angle), 1e-15) << angle;
    ASSERT_NEAR(result.sine, std::sin(angle), 1e-15) << angle;
  }
}

}  // namespace
}  // namespace kvferry
