#include "analysis/relative_error.hpp"

#include <gtest/gtest.h>

namespace kvferry::analysis {
namespace {

TEST(RelativeError, IsPositiveWhereThePredictionIsTooHigh) {
  EXPECT_DOUBLE_EQ(relative_error(12.5, 10), 0.25);
  EXPECT_DOUBLE_EQ(relative_error(5, 10), -0.5);
}

TEST(RelativeError, MagnitudesLoseTheirSignsAndTheBiasKeepsThem) {
  const ErrorFigures figures = *error_figures_of({-0.4, 0.1, 0.2, -0.3, 0.2});
  EXPECT_EQ(figures.count, 5);
  EXPECT_DOUBLE_EQ(figures.mean, 1.2 / 5);
  EXPECT_DOUBLE_EQ(figures.median, 0.2);
  EXPECT_DOUBLE_EQ(figures.p90, 0.4);
  EXPECT_NEAR(figures.bias, -0.2 / 5, 1e-15);
}

TEST(RelativeError, OfNothingIsNothing) {
  EXPECT_FALSE(error_figures_of({}));
}

}  // namespace
}  // namespace kvferry::analysis
