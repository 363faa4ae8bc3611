#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace kvferry {
namespace {

constexpr int kSamples = 400'000;

struct Moments {
  double mean{};
  double variance{};
};

template <typename Draw>
Moments moments_of(Draw draw) {
  double sum = 0;
  double sum_of_squares = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double x = draw();
    sum += x;
    sum_of_squares += x * x;
  }
  const double mean = sum / kSamples;
  return {mean, sum_of_squares / kSamples - mean * mean};
}

// The sample mean of n draws with deviation s lies within 4 s / sqrt(n) of the mean, except once in
// 16,000.
double tolerance(double deviation) {
  return 4 * deviation / std::sqrt(double{kSamples});
}

TEST(Random, TheFirstWordsAreFixedForAllTime) {
  RandomStream random(7, "arrivals");
  EXPECT_EQ(random.next_word(), 11866050985086912836ULL);
}

TEST(Random, StreamsOfDifferentPurposeOrSeedDiffer) {
  RandomStream a(7, "arrivals");
  RandomStream b(7, "lengths");
  RandomStream c(8, "arrivals");
  const std::uint64_t first = a.next_word();
  EXPECT_NE(first, b.next_word());
  EXPECT_NE(first, c.next_word());
}

TEST(Random, UniformHasItsMomentsAndStaysInside) {
  RandomStream random(1, "uniform");
  const Moments m = moments_of([&] {
    const double u = random.uniform();
    EXPECT_GT(u, 0);
    EXPECT_LT(u, 1);
    return u;
  });
  EXPECT_NEAR(m.mean, 0.5, tolerance(std::sqrt(1.0 / 12)));
  EXPECT_NEAR(m.variance, 1.0 / 12, 1e-3);
}

TEST(Random, BelowIsUniformOverItsRange) {
  RandomStream random(1, "below");
  std::vector<int> counts(7);
  for (int i = 0; i < kSamples; ++i) ++counts[random.below(counts.size())];
  double chi_square = 0;
  const double expected = kSamples / 7.0;
  for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi_square, 22.5);  // 99.9 % point of chi-square with 6 degrees of freedom
}

TEST(Random, ExponentialHasMeanAndVarianceOne) {
  RandomStream random(1, "exponential");
  const Moments m = moments_of([&] { return random.exponential(); });
  EXPECT_NEAR(m.mean, 1, tolerance(1));
  EXPECT_NEAR(m.variance, 1, 0.03);
}

TEST(Random, GaussianHasMeanZeroAndVarianceOne) {
  RandomStream random(1, "gaussian");
  const Moments m = moments_of([&] { return random.gaussian(); });
  EXPECT_NEAR(m.mean, 0, tolerance(1));
  EXPECT_NEAR(m.variance, 1, 0.01);
}

TEST(Random, GammaHasMeanAndVarianceEqualToItsShape) {
  for (const double shape : {0.1, 0.5, 1.0, 4.0, 25.0}) {
    RandomStream random(1, "gamma");
    const Moments m = moments_of([&] { return random.gamma(shape); });
    EXPECT_NEAR(m.mean, shape, tolerance(std::sqrt(shape)));
    EXPECT_NEAR(m.variance / shape, 1, 0.05) << shape;
  }
}

TEST(Random, GaussiansInOneGoAreThoseOfSingleCalls) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8},
                                  std::size_t{9}, std::size_t{128}, std::size_t{4001}}) {
    RandomStream single(3, "gaussians");
    RandomStream together(3, "gaussians");
    EXPECT_EQ(single.gaussian(), together.gaussian()) << "leaves a spare one behind";
    std::vector<double> values(count);
    together.gaussians(values);
    for (const double value : values) ASSERT_EQ(value, single.gaussian());
    EXPECT_EQ(single.gaussian(), together.gaussian());
  }
}

}  // namespace
}  // namespace kvferry
