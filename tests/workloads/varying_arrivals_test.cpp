// Arrivals whose rate changes, against what their formulas say.
#include "workloads/arrivals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;

std::vector<double> dates(const ArrivalSpec& spec, std::int64_t count, std::uint64_t seed = 7) {
  std::vector<double> values;
  for (const Seconds arrival : generate_arrivals(spec, count, seed))
    values.push_back(arrival.value);
  return values;
}

double count_between(const std::vector<double>& dates, double begin, double end) {
  return static_cast<double>(std::lower_bound(dates.begin(), dates.end(), end) -
                             std::lower_bound(dates.begin(), dates.end(), begin));
}

// A Poisson count of mean m lies within 4 sqrt(m) of it, but once in 16,000.
void expect_poisson_count(double count, double mean) {
  EXPECT_NEAR(count, mean, 4 * std::sqrt(mean));
}

// Variance over mean of the counts in bins of that width.
double dispersion(const std::vector<double>& dates, double width) {
  std::vector<double> counts(static_cast<std::size_t>(dates.back() / width));
  for (const double date : dates) {
    const auto bin = static_cast<std::size_t>(date / width);
    if (bin < counts.size()) ++counts[bin];
  }
  double sum = 0;
  double sum_of_squares = 0;
  for (const double count : counts) {
    sum += count;
    sum_of_squares += count * count;
  }
  const double mean = sum / static_cast<double>(counts.size());
  return (sum_of_squares / static_cast<double>(counts.size()) - mean * mean) / mean;
}

const BurstArrivals kBurst{PerSecond{200}, PerSecond{10}, Seconds{2}, Seconds{8}};
const MmppArrivals kMmpp{PerSecond{40}, PerSecond{4}, PerSecond{2}, PerSecond{1}};
const DiurnalArrivals kDay{PerSecond{1}, 4, Seconds{86'400}, Seconds{50'400}};
const PiecewiseArrivals kSteps{{{Seconds{100}, PerSecond{50}, 1},
                                {Seconds{50}, PerSecond{0}, 1},
                                {Seconds{100}, PerSecond{200}, 3}}};
const UserArrivals kUsers{4, PerSecond{2}};

TEST(VaryingArrivals, FixedBurstsHaveTheRateOfEachPhase) {
  const std::vector<double> values = dates(kBurst, 100'000);
  double high = 0;
  double low = 0;
  const auto periods = static_cast<int>(values.back() / 10);
  for (int period = 0; period < periods; ++period) {
    high += count_between(values, 10 * period, 10 * period + 2);
    low += count_between(values, 10 * period + 2, 10 * period + 10);
  }
  expect_poisson_count(high, periods * 400);
  expect_poisson_count(low, periods * 80);
}

TEST(VaryingArrivals, SilentPhasesAreSilent) {
  BurstArrivals spec = kBurst;
  spec.low = PerSecond{0};
  for (const double date : dates(spec, 10'000)) EXPECT_LT(std::fmod(date, 10), 2);
}

TEST(VaryingArrivals, ExponentialBurstsVaryAsAnMmppDoes) {
  // Phases of 0.5 s and 1 s on average are states left at 2 /s and 1 /s.
  const BurstArrivals spec{PerSecond{40}, PerSecond{4}, Seconds{0.5}, Seconds{1},
                           PhaseLengths::exponential};
  const std::vector<double> values = dates(spec, 400'000);
  EXPECT_NEAR(400'000 / values.back(), 16, 0.3);
  EXPECT_NEAR(dispersion(values, 1), 9.199, 0.5);
}

TEST(VaryingArrivals, AnMmppHasItsMeanAndDispersion) {
  // Mean (40 x 1 + 4 x 2) / 3 = 16 /s. Dispersion in the limit 1 + 2 x 2 x 1 x 36^2 / (9 x 48) = 13;
  // in windows w, of the excess 12 the share 1 - (1 - e^-3w) / 3w: 9.199 in 1 s, 12.6 in 10 s.
  const std::vector<double> values = dates(kMmpp, 400'000);
  // The variance of the count over 25,000 s is 13 times the mean.
  EXPECT_NEAR(400'000 / values.back(), 16, 4 * 16 * std::sqrt(13.0 / 400'000));
  EXPECT_NEAR(dispersion(values, 1), 9.199, 0.5);
  EXPECT_NEAR(dispersion(values, 10), 12.6, 1.5);
}

TEST(VaryingArrivals, AnMmppStartsInEquilibrium) {
  // In the first 0.01 s, 0.16 requests on average over all seeds; 0.4 if state 1 always came first.
  double early = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    early += count_between(dates(kMmpp, 4, seed), 0, 0.01);
  }
  EXPECT_NEAR(early / 20'000, 0.16, 0.02);
}

TEST(VaryingArrivals, EveryHourOfADayHasItsShare) {
  // The rate 1 + 0.6 cos(2 pi (t - 14 h) / 24 h), integrated over the hour from h.
  const std::vector<double> values = dates(kDay, 500'000);
  const double per_radian = 86'400 / (2 * std::acos(-1.0));
  for (int hour = 0; hour < 24; ++hour) {
    double count = 0;
    for (int day = 0; day < 5; ++day) {
      count += count_between(values, 86'400 * day + 3600 * hour, 86'400 * day + 3600 * (hour + 1));
    }
    const auto sine = [&](double h) { return std::sin((3600 * h - 50'400) / per_radian); };
    const double mean = 5 * (3600 + 0.6 * per_radian * (sine(hour + 1) - sine(hour)));
    expect_poisson_count(count, mean);
  }
}

TEST(VaryingArrivals, ADayWithoutSwingIsPoisson) {
  DiurnalArrivals flat = kDay;
  flat.peak_to_trough = 1;
  expect_poisson_count(count_between(dates(flat, 60'000), 0, 50'000), 50'000);
}

TEST(VaryingArrivals, ALinearRampBringsItsIntegral) {
  // 0 to 100 /s over 100 s: t^2 / 2 requests until t, then 100 /s.
  const RampArrivals up{PerSecond{0}, PerSecond{100}, Seconds{100}};
  const std::vector<double> values = dates(up, 20'000);
  expect_poisson_count(count_between(values, 0, 50), 1250);
  expect_poisson_count(count_between(values, 50, 100), 3750);
  expect_poisson_count(count_between(values, 100, 200), 10'000);
  const RampArrivals down{PerSecond{100}, PerSecond{20}, Seconds{100}};
  expect_poisson_count(count_between(dates(down, 9'000), 50, 100), 2000);
}

TEST(VaryingArrivals, AnExponentialRampBringsItsIntegral) {
  // 1 to 100 /s over 100 s: (e^kt - 1) / k with k = ln(100) / 100: 195.43 until 50 s, 2149.8 at all.
  const RampArrivals spec{PerSecond{1}, PerSecond{100}, Seconds{100}, RampShape::exponential};
  const std::vector<double> values = dates(spec, 10'000);
  expect_poisson_count(count_between(values, 0, 50), 195.43);
  expect_poisson_count(count_between(values, 50, 100), 2149.8 - 195.43);
  expect_poisson_count(count_between(values, 100, 150), 5000);
}

TEST(VaryingArrivals, ARampBetweenEqualRatesIsPoisson) {
  for (const auto shape : {RampShape::linear, RampShape::exponential}) {
    const RampArrivals flat{PerSecond{50}, PerSecond{50}, Seconds{10}, shape};
    const RampArrivals nearly{PerSecond{50}, PerSecond{50 * (1 + 1e-12)}, Seconds{10}, shape};
    const std::vector<double> values = dates(flat, 50'000);
    expect_poisson_count(count_between(values, 0, 900), 45'000);
    const std::vector<double> others = dates(nearly, 50'000);
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(others[i], values[i], 1e-9);
  }
}

TEST(VaryingArrivals, PiecesHaveTheirRatesAndArrivalsEndWithThem) {
  const std::vector<double> values = dates(kSteps, 1'000'000);
  expect_poisson_count(count_between(values, 0, 100), 5000);
  EXPECT_EQ(count_between(values, 100, 150), 0);
  // Counts of gaps with cv 3 vary by 9 times their mean.
  EXPECT_NEAR(count_between(values, 150, 250), 20'000, 4 * std::sqrt(9 * 20'000));
  EXPECT_LT(values.back(), 250);
  EXPECT_LT(values.size(), 30'000U);
}

TEST(VaryingArrivals, PiecesOfEqualGapsGoOnAcrossAChangeOfRate) {
  // After 3 gaps of 0.4 s, 0.3 s remain, three quarters of a gap; the rest lasts 0.25 / 10 s.
  const PiecewiseArrivals spec{{{Seconds{1.5}, PerSecond{2.5}, 0}, {Seconds{9}, PerSecond{10}, 0}}};
  const std::vector<double> values = dates(spec, 5);
  EXPECT_NEAR(values[2], 1.2, 1e-12);
  EXPECT_NEAR(values[3], 1.525, 1e-12);
  EXPECT_NEAR(values[4], 1.625, 1e-12);
}

TEST(VaryingArrivals, UsersTakeTurnsAndClosedLoopsStartAtZero) {
  EXPECT_THAT(dates(kUsers, 5), ElementsAre(0, 0.5, 1, 1.5, 2));
  EXPECT_THAT(dates(ClosedLoopArrivals{2, {}}, 3), ElementsAre(0, 0, 0));
}

TEST(VaryingArrivals, AreSortedFiniteAndDecidedByTheSeed) {
  const RampArrivals ramp{PerSecond{1e-9}, PerSecond{1e9}, Seconds{1e9}, RampShape::exponential};
  for (const ArrivalSpec& spec :
       std::vector<ArrivalSpec>{kBurst, kMmpp, kDay, kSteps, ramp,
                                RampArrivals{PerSecond{1e9}, PerSecond{1e-9}, Seconds{1}}}) {
    const std::vector<double> values = dates(spec, 1000);
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end())) << describe(spec);
    EXPECT_GT(values.front(), 0);
    EXPECT_TRUE(std::isfinite(values.back()));
    EXPECT_EQ(dates(spec, 1000), values);
    EXPECT_NE(dates(spec, 1000, 8), values);
    const std::vector<double> fewer = dates(spec, 10);
    EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), values.begin())) << "a prefix";
  }
}

TEST(VaryingArrivals, TheDatesAreFixedForAllTime) {
  EXPECT_THAT(dates(kBurst, 2), ElementsAre(0.0022060320868948942, 0.0096254945571772645));
  EXPECT_THAT(dates(kMmpp, 2), ElementsAre(0.1103016043447447, 0.48127472785886316));
  EXPECT_THAT(dates(kDay, 2), ElementsAre(0.27575401086186174, 1.3100549599502151));
  EXPECT_THAT(dates(kSteps, 2), ElementsAre(0.0088241283475795768, 0.038501978228709058));
  EXPECT_THAT(dates(RampArrivals{PerSecond{1}, PerSecond{5}, Seconds{9}}, 2),
              ElementsAre(0.40479356602456085, 1.4547867821859244));
  EXPECT_THAT(dates(RenewalArrivals{ArrivalProcess::weibull, PerSecond{8}, 2}, 2),
              ElementsAre(0, 0.015920643223520665));
}

TEST(VaryingArrivals, DescriptionsStateTheConvention) {
  EXPECT_EQ(describe(kBurst),
            "poisson bursts, rate 200 /s for 2 s and 10 /s for 8 s (fixed), the burst first, the "
            "first request waits for its own gap from 0");
  EXPECT_EQ(describe(kMmpp),
            "mmpp of 2 states, rates 40 /s and 4 /s, left at 2 /s and 1 /s, started in "
            "equilibrium, the first request waits for its own gap from 0");
  EXPECT_EQ(describe(kDay),
            "diurnal poisson, mean rate 1 /s, peak:trough 4, period 24 h, a peak at 14 h, the "
            "first request waits for its own gap from 0");
  EXPECT_EQ(describe(RampArrivals{PerSecond{1}, PerSecond{5}, Seconds{9}}),
            "linear poisson ramp, rate 1 /s to 5 /s over 9 s, constant afterwards, the first "
            "request waits for its own gap from 0");
  EXPECT_EQ(describe(PiecewiseArrivals{{{Seconds{9}, PerSecond{5}, 2}}}),
            "piecewise, rate 5 /s with cv 2 for 9 s, then none, the first request waits for its "
            "own gap from 0");
  EXPECT_EQ(describe(kUsers),
            "4 users, rate 2 /s of all together, evenly staggered from 0, nobody before their "
            "last answer has ended");
  EXPECT_EQ(describe(ClosedLoopArrivals{3, ExponentialTime{Seconds{2}}}),
            "closed loop of 3 users, all starting at 0, each sending when the last answer has "
            "ended, think time exponential with mean 2 s");
}

TEST(VaryingArrivals, ThinkTimesHaveTheirMeans) {
  RandomStream random(7, "think times");
  double sum = 0;
  int beyond_p90 = 0;
  for (int i = 0; i < 100'000; ++i) {
    sum += draw(ExponentialTime{Seconds{2}}, random).value;
    beyond_p90 += draw(LogNormalTime{Seconds{2}, Seconds{9}}, random).value > 9 ? 1 : 0;
  }
  EXPECT_NEAR(sum / 100'000, 2, 4 * 2 / std::sqrt(1e5));
  EXPECT_NEAR(beyond_p90, 10'000, 4 * std::sqrt(9000.0));
}

}  // namespace
}  // namespace kvferry::workloads
