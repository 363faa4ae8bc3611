#include "analysis/stack_fit.hpp"

#include "analysis/non_negative_least_squares.hpp"
#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace kvferry::analysis {
namespace {

Eigen::MatrixXd matrix(std::initializer_list<std::initializer_list<double>> rows) {
  Eigen::MatrixXd result(static_cast<Eigen::Index>(rows.size()),
                         static_cast<Eigen::Index>(rows.begin()->size()));
  Eigen::Index row = 0;
  for (const auto& values : rows) {
    Eigen::Index column = 0;
    for (const double value : values) result(row, column++) = value;
    ++row;
  }
  return result;
}

Eigen::VectorXd vector(std::initializer_list<double> values) {
  return matrix({values}).transpose();
}

TEST(NonNegativeLeastSquares, AnInnerSolutionIsThatOfLeastSquares) {
  const auto x = non_negative_least_squares(matrix({{2, 0}, {0, 4}, {0, 0}}), vector({6, 4, 5}));
  EXPECT_NEAR(x(0), 3, 1e-12);
  EXPECT_NEAR(x(1), 1, 1e-12);
}

// Without the bound x = (3, -1). With x1 = 0: min (x0 - 2)^2 + (x0 - 3)^2.
TEST(NonNegativeLeastSquares, ANegativeColumnStaysAtZero) {
  const auto x = non_negative_least_squares(matrix({{1, 1}, {1, 0}}), vector({2, 3}));
  EXPECT_NEAR(x(0), 2.5, 1e-12);
  EXPECT_EQ(x(1), 0);
}

TEST(NonNegativeLeastSquares, NothingHelpsIsZero) {
  const auto x = non_negative_least_squares(matrix({{1, 2}, {3, 4}}), vector({-1, -2}));
  EXPECT_EQ(x, vector({0, 0}));
}

TEST(NonNegativeLeastSquares, EqualColumnsAreNoTrouble) {
  const auto x = non_negative_least_squares(matrix({{1, 1}, {2, 2}}), vector({3, 6}));
  EXPECT_NEAR(x(0) + x(1), 3, 1e-12);
  const auto zero = non_negative_least_squares(matrix({{0, 0}, {0, 0}}), vector({3, 6}));
  EXPECT_EQ(zero, vector({0, 0}));
}

// Column 1 enters first (gradient 1.8 against 1 and 1) and leaves again when both others are in: the
// exact fit of the first two rows then wants it negative.
TEST(NonNegativeLeastSquares, AColumnMayLeaveAgain) {
  const Eigen::MatrixXd a = matrix({{1, 1.4, 0}, {0, 1.4, 1}, {0, -1, 0}});
  const Eigen::VectorXd b = vector({1, 1, 1});
  const auto x = non_negative_least_squares(a, b);
  const Eigen::VectorXd gradient = a.transpose() * (b - a * x);
  for (Eigen::Index i = 0; i < 3; ++i) {
    EXPECT_GE(x(i), 0);
    EXPECT_LE(gradient(i), 1e-9) << "no column could still help";
    EXPECT_NEAR(gradient(i) * x(i), 0, 1e-9) << "columns in use are at their optimum";
  }
  EXPECT_EQ(x(1), 0);
  EXPECT_NEAR(x(0), 1, 1e-12);
  EXPECT_NEAR(x(2), 1, 1e-12);
}

// Conditions of optimality (Karush, Kuhn, Tucker) on random problems, half of whose true
// coefficients are negative.
TEST(NonNegativeLeastSquares, RandomProblemsMeetTheOptimalityConditions) {
  RandomStream random(7, "nnls");
  for (int problem = 0; problem < 200; ++problem) {
    Eigen::MatrixXd a(12, 7);
    Eigen::VectorXd truth(7);
    for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = random.uniform() - 0.3;
    for (Eigen::Index i = 0; i < 7; ++i) truth(i) = random.uniform() - 0.5;
    const Eigen::VectorXd b = a * truth;
    const auto x = non_negative_least_squares(a, b);
    const Eigen::VectorXd gradient = a.transpose() * (b - a * x);
    for (Eigen::Index i = 0; i < 7; ++i) {
      ASSERT_GE(x(i), 0) << "problem " << problem;
      ASSERT_LE(gradient(i), 1e-9) << "problem " << problem;
      ASSERT_NEAR(gradient(i) * x(i), 0, 1e-9) << "problem " << problem;
    }
  }
}

// Iterations as an engine has them, with features of very different sizes.
std::vector<StackTiming> timings_of(const StackCoefficients& theta, double noise, int count) {
  RandomStream random(3, "timings");
  std::vector<StackTiming> timings;
  for (int i = 0; i < count; ++i) {
    StackTiming timing;
    timing.group = std::to_string(i % 5);
    const double kernels = 100 + std::floor(1900 * random.uniform());
    const double logits = 1 + std::floor(256 * random.uniform());
    timing.features = {5e-3 + 20e-3 * random.uniform(),
                       10e-3 * random.uniform(),
                       5e-3 * random.uniform() * (i % 3),
                       kernels,
                       1,
                       logits,
                       2e-3 * random.uniform()};
    timing.measured_s = predicted_s(timing, theta) * (1 + noise * (2 * random.uniform() - 1));
    timings.push_back(timing);
  }
  return timings;
}

constexpr StackCoefficients kTruth{0.85, 1.2, 1.6, 2e-6, 1.7e-3, 45e-6, 3};

// What is left of the ridge among so many timings is least for the factors and most for the
// constants.
TEST(StackFit, RecoversKnownCoefficientsFromNoisyTimings) {
  const auto timings = timings_of(kTruth, 0.02, 10'000);
  const StackCoefficients theta = fit_stack(timings);
  const StackCoefficients tolerance{0.01, 0.01, 0.01, 0.05, 0.05, 0.01, 0.02};
  for (std::size_t i = 0; i < theta.size(); ++i)
    EXPECT_NEAR(theta[i] / kTruth[i], 1, tolerance[i]) << "coefficient " << i;
  for (const double error : relative_errors(timings, theta)) EXPECT_LT(error, 0.03);
}

// A twentieth of the timings are three times too long: least squares alone would follow them.
TEST(StackFit, OutliersCountLittle) {
  auto timings = timings_of(kTruth, 0.01, 1000);
  for (std::size_t i = 0; i < timings.size(); i += 20) timings[i].measured_s *= 3;
  const StackCoefficients theta = fit_stack(timings);
  std::vector<StackTiming> sound;
  for (std::size_t i = 0; i < timings.size(); ++i) {
    if (i % 20 != 0) sound.push_back(timings[i]);
  }
  double mean = 0;
  for (const double error : relative_errors(sound, theta)) mean += error;
  EXPECT_LT(mean / static_cast<double>(sound.size()), 0.03);
}

// A single timing cannot tell seven coefficients: the fit stays near the round numbers.
TEST(StackFit, TheRidgeDecidesWhereTimingsDoNot) {
  const auto timings = timings_of(stack_prior(), 0, 1);
  const StackCoefficients theta = fit_stack(timings);
  for (std::size_t i = 0; i < theta.size(); ++i) EXPECT_NEAR(theta[i] / stack_prior()[i], 1, 1e-6);
}

TEST(StackFit, HoldsOutWholeGroups) {
  const auto timings = timings_of(kTruth, 0.02, 500);
  const auto errors = held_out_errors(timings);
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->size(), timings.size());
  for (const double error : *errors) EXPECT_LT(error, 0.06);
  const std::vector<StackTiming> one_group{timings.front()};
  EXPECT_FALSE(held_out_errors(one_group));
}

}  // namespace
}  // namespace kvferry::analysis
