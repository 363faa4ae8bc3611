#include "workloads/arrivals.hpp"

#include "tests/workloads/trace_text.hpp"
#include "workloads/gap_law.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr std::int64_t kCount = 200'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> dates(const RenewalArrivals& spec, std::int64_t count, std::uint64_t seed = 7) {
  std::vector<double> values;
  for (const Seconds arrival : generate_arrivals(spec, count, seed))
    values.push_back(arrival.value);
  return values;
}

struct GapMoments {
  double mean{};
  double cv_squared{};
};

GapMoments gap_moments(const std::vector<double>& dates) {
  double sum = 0;
  double sum_of_squares = 0;
  for (std::size_t i = 1; i < dates.size(); ++i) {
    const double gap = dates[i] - dates[i - 1];
    sum += gap;
    sum_of_squares += gap * gap;
  }
  const auto gaps = static_cast<double>(dates.size() - 1);
  const double mean = sum / gaps;
  return {mean, (sum_of_squares / gaps - mean * mean) / (mean * mean)};
}

TEST(Arrivals, DeterministicGapsAreAllEqual) {
  const RenewalArrivals spec{ArrivalProcess::deterministic, PerSecond{4}};
  EXPECT_THAT(dates(spec, 4), ElementsAre(0, 0.25, 0.5, 0.75));
}

TEST(Arrivals, DeterministicDatesDoNotDrift) {
  const RenewalArrivals spec{ArrivalProcess::deterministic, PerSecond{3}};
  const std::vector<double> values = dates(spec, 100'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(values[i], static_cast<double>(i) / 3);
  }
}

TEST(Arrivals, AnInfiniteRateMeansAllAtOnce) {
  for (const auto process :
       {ArrivalProcess::deterministic, ArrivalProcess::poisson, ArrivalProcess::gamma}) {
    EXPECT_THAT(dates({process, PerSecond{kInfinity}}, 3), ElementsAre(0, 0, 0));
  }
}

TEST(Arrivals, PoissonGapsHaveTheirMeanAndVariation) {
  // The mean of n gaps of deviation 1/r lies within 4 / (r sqrt(n)) of 1/r, but once in 16,000.
  const GapMoments moments = gap_moments(dates({ArrivalProcess::poisson, PerSecond{8}}, kCount));
  EXPECT_NEAR(moments.mean, 0.125, 4 * 0.125 / std::sqrt(static_cast<double>(kCount)));
  EXPECT_NEAR(moments.cv_squared, 1, 0.03);
}

TEST(Arrivals, GammaGapsHaveTheirMeanAndVariation) {
  for (const double cv : {0.2, 0.5, 1.0, 2.0, 4.0}) {
    RenewalArrivals spec{ArrivalProcess::gamma, PerSecond{8}};
    spec.cv = cv;
    const GapMoments moments = gap_moments(dates(spec, kCount));
    EXPECT_NEAR(moments.mean, 0.125, 4 * cv * 0.125 / std::sqrt(static_cast<double>(kCount)));
    // The square's relative error grows with the kurtosis, 3 + 6 cv^2.
    const double deviation = std::sqrt((2 + 6 * cv * cv) / static_cast<double>(kCount));
    EXPECT_NEAR(moments.cv_squared / (cv * cv), 1, 6 * deviation) << cv;
  }
}

TEST(Arrivals, WeibullGapsHaveTheirMeanAndVariation) {
  for (const double cv : {0.0005, 0.5, 1.0, 2.0}) {
    RenewalArrivals spec{ArrivalProcess::weibull, PerSecond{8}};
    spec.cv = cv;
    const GapMoments moments = gap_moments(dates(spec, kCount));
    EXPECT_NEAR(moments.mean, 0.125, 4 * cv * 0.125 / std::sqrt(static_cast<double>(kCount)));
    EXPECT_NEAR(moments.cv_squared / (cv * cv), 1, cv < 1 ? 0.02 : 0.08) << cv;
  }
}

TEST(Arrivals, WeibullShapesGiveTheirVariation) {
  // cv^2 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1: shape 1 is exponential, and for shape 1/2
  // Gamma(5) / Gamma(3)^2 - 1 = 5; for shape 2, 4/pi - 1; for shape 1/5, 10! / 5!^2 - 1 = 251.
  EXPECT_NEAR(weibull_shape(1), 1, 1e-12);
  EXPECT_NEAR(weibull_shape(std::sqrt(5.0)), 0.5, 1e-12);
  EXPECT_NEAR(weibull_shape(std::sqrt(0.2732395447351628)), 2, 1e-12);
  EXPECT_NEAR(weibull_shape(std::sqrt(251.0)), 0.2, 1e-12);
  // Both sides of the switch to the asymptote.
  EXPECT_NEAR(weibull_shape(0.000999) / weibull_shape(0.001001), 1.002, 0.001);
}

TEST(Arrivals, LogGammaIsThatOfTheCLibrary) {
  for (double x = 1; x < 40; x += 0.37) {
    EXPECT_NEAR(log_gamma(x), std::lgamma(x), 1e-14 * (1 + std::abs(std::lgamma(x)))) << x;
  }
}

TEST(Arrivals, AWeibullProcessOfVariationOneIsPoisson) {
  const std::vector<double> poisson = dates({ArrivalProcess::poisson, PerSecond{8}}, 1000);
  const std::vector<double> weibull = dates({ArrivalProcess::weibull, PerSecond{8}}, 1000);
  for (std::size_t i = 0; i < poisson.size(); ++i) ASSERT_NEAR(weibull[i], poisson[i], 1e-9);
}

TEST(Arrivals, CountsOfAPoissonProcessVaryAsMuchAsTheirMean) {
  // Dispersion (variance / mean) of the counts in 1 s bins is 1.
  std::vector<double> counts(20'000);
  for (const double date : dates({ArrivalProcess::poisson, PerSecond{8}}, kCount)) {
    const auto bin = static_cast<std::size_t>(date);
    if (bin < counts.size()) ++counts[bin];
  }
  double sum = 0;
  double sum_of_squares = 0;
  for (const double count : counts) {
    sum += count;
    sum_of_squares += count * count;
  }
  const auto bins = static_cast<double>(counts.size());
  const double mean = sum / bins;
  const double dispersion = (sum_of_squares / bins - mean * mean) / mean;
  EXPECT_NEAR(dispersion, 1, 4 * std::sqrt(2 / bins));
}

TEST(Arrivals, AGammaProcessWithoutVariationIsDeterministic) {
  RenewalArrivals spec{ArrivalProcess::gamma, PerSecond{4}};
  spec.cv = 0;
  EXPECT_EQ(dates(spec, 100), dates({ArrivalProcess::deterministic, PerSecond{4}}, 100));
}

TEST(Arrivals, TheFirstRequestArrivesAtZeroByDefault) {
  for (const auto process : {ArrivalProcess::poisson, ArrivalProcess::gamma}) {
    const std::vector<double> values = dates({process, PerSecond{4}}, 2);
    EXPECT_EQ(values[0], 0);
    EXPECT_GT(values[1], 0);
  }
}

TEST(Arrivals, UnderVllmsConventionTheLastRequestArrivesAtCountOverRate) {
  for (const auto process :
       {ArrivalProcess::deterministic, ArrivalProcess::poisson, ArrivalProcess::gamma}) {
    RenewalArrivals spec{process, PerSecond{7}};
    spec.cv = 3;
    spec.convention = ArrivalConvention::vllm;
    for (const std::int64_t count : {1, 2, 1000}) {
      const std::vector<double> values = dates(spec, count);
      EXPECT_EQ(values.back(), static_cast<double>(count) / 7);
      EXPECT_GT(values.front(), 0);
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
    }
  }
}

TEST(Arrivals, UnderVllmsConventionGapsKeepTheirProportions) {
  RenewalArrivals spec{ArrivalProcess::poisson, PerSecond{7}};
  const std::vector<double> plain = dates(spec, 3);  // 0, g1, g1 + g2
  spec.convention = ArrivalConvention::vllm;
  const std::vector<double> stretched = dates(spec, 2);  // g1 and g1 + g2, stretched to 2 / 7
  EXPECT_NEAR(stretched[0] / stretched[1], plain[1] / plain[2], 1e-15);
}

TEST(Arrivals, TheWidestVariationStaysFiniteAndSorted) {
  for (const auto convention : {ArrivalConvention::first_at_zero, ArrivalConvention::vllm}) {
    RenewalArrivals spec{ArrivalProcess::gamma, PerSecond{1}, 100, convention};
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const std::vector<double> values = dates(spec, 5, seed);
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
      EXPECT_TRUE(std::isfinite(values.back()));
    }
  }
}

TEST(Arrivals, AShorterListIsAPrefixOfALongerOne) {
  const RenewalArrivals spec{ArrivalProcess::gamma, PerSecond{4}, 2};
  std::vector<double> longer = dates(spec, 1000);
  longer.resize(10);
  EXPECT_EQ(dates(spec, 10), longer);
}

TEST(Arrivals, TheSeedDecidesAndTheDatesAreFixedForAllTime) {
  const RenewalArrivals spec{ArrivalProcess::poisson, PerSecond{8}};
  EXPECT_EQ(dates(spec, 100, 7), dates(spec, 100, 7));
  EXPECT_NE(dates(spec, 100, 7), dates(spec, 100, 8));
  EXPECT_THAT(dates(spec, 3, 7), ElementsAre(0, 0.055150802172372351, 0.24063736392943158));
}

TEST(Arrivals, ParametersOutOfRangeAreRefused) {
  const auto complaint = [](const RenewalArrivals& spec, std::int64_t count) {
    return error_of([&] { generate_arrivals(spec, count, 7); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double rate : {0.0, -1.0, nan, 1e-12}) {
    EXPECT_THAT(complaint({ArrivalProcess::poisson, PerSecond{rate}}, 1),
                StartsWith("arrivals: the rate must be above zero (at least 1e-09 /s), found "));
  }
  for (const double cv : {-0.5, nan, kInfinity, 101.0}) {
    for (const auto process : {ArrivalProcess::gamma, ArrivalProcess::weibull}) {
      EXPECT_THAT(
          complaint({process, PerSecond{1}, cv}, 1),
          StartsWith("arrivals: the coefficient of variation must be from 0 to 100, found "));
    }
  }
  EXPECT_EQ(complaint({}, 0), "arrivals: at least one request is needed, found 0");
}

TEST(Arrivals, DescriptionsNameTheParameters) {
  EXPECT_EQ(describe(RenewalArrivals{ArrivalProcess::poisson, PerSecond{8}}),
            "poisson, rate 8 /s, first request at 0");
  EXPECT_EQ(
      describe(RenewalArrivals{ArrivalProcess::gamma, PerSecond{8}, 2.5, ArrivalConvention::vllm}),
      "gamma with cv 2.5, rate 8 /s, stretched as vLLM does");
  EXPECT_EQ(describe(RenewalArrivals{ArrivalProcess::weibull, PerSecond{8}, 2.5}),
            "weibull with cv 2.5, rate 8 /s, first request at 0");
  EXPECT_EQ(describe(RenewalArrivals{ArrivalProcess::deterministic, PerSecond{0.5}}),
            "deterministic, rate 0.5 /s, first request at 0");
  EXPECT_EQ(describe(RenewalArrivals{ArrivalProcess::poisson, PerSecond{kInfinity}}),
            "poisson, all requests at 0");
}

}  // namespace
}  // namespace kvferry::workloads
