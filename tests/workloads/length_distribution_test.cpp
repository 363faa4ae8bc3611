#include "workloads/length_distribution.hpp"

#include "sim/base/random.hpp"
#include "tests/workloads/trace_text.hpp"
#include "workloads/lengths.hpp"
#include "workloads/zipf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::HasSubstr;

constexpr int kCount = 100'000;
const double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> drawn(const LengthDistribution& lengths, std::uint64_t seed = 7) {
  check(lengths, "input");
  RandomStream random(seed, "test");
  std::vector<double> values;
  for (int i = 0; i < kCount; ++i) values.push_back(static_cast<double>(draw(lengths, random)));
  return values;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double share_above(const std::vector<double>& values, double bound) {
  return static_cast<double>(
             std::count_if(values.begin(), values.end(), [&](double v) { return v > bound; })) /
         static_cast<double>(values.size());
}

// A share p of n draws lies within 4 sqrt(p (1 - p) / n) of p, but once in 16,000.
double share_tolerance(double p) {
  return 4 * std::sqrt(p * (1 - p) / kCount);
}

void expect_bounds(const LengthDistribution& lengths, double min, double max) {
  const std::vector<double> values = drawn(lengths);
  EXPECT_EQ(*std::min_element(values.begin(), values.end()), min) << describe(lengths);
  EXPECT_EQ(*std::max_element(values.begin(), values.end()), max) << describe(lengths);
}

TEST(LengthDistribution, NormalHasItsMeanAndDeviation) {
  const std::vector<double> values = drawn(NormalLength{1000, 100});
  EXPECT_NEAR(mean_of(values), 1000, 4 * 100 / std::sqrt(kCount));
  EXPECT_NEAR(share_above(values, 1128), 0.1, share_tolerance(0.1) + 0.001);  // rounding
}

TEST(LengthDistribution, NormalIsTruncatedByDrawingAgain) {
  // Rounded values below 1 are those below 0.5; beyond the mean lies 0.5 / Phi(0.95) = 0.6032.
  const std::vector<double> values = drawn(NormalLength{10, 10});
  EXPECT_EQ(*std::min_element(values.begin(), values.end()), 1);
  EXPECT_NEAR(share_above(values, 10.5), 0.48006 / 0.82894, share_tolerance(0.6));
  EXPECT_LT(1 - share_above(values, 1.5), 0.05) << "no heap at 1";
}

TEST(LengthDistribution, ExponentialHasItsMeanAndTail) {
  const std::vector<double> values = drawn(ExponentialLength{500});
  EXPECT_NEAR(mean_of(values), 500, 4 * 500 / std::sqrt(kCount));
  EXPECT_NEAR(share_above(values, 1000.5), std::exp(-1000.5 / 500), share_tolerance(0.135));
}

TEST(LengthDistribution, ZipfHasItsFrequencies) {
  for (const double exponent : {0.0, 0.5, 1.0, 1.0000001, 2.0, 7.0}) {
    for (const auto& [min, max] : {std::pair{1, 9}, std::pair{100, 103}}) {
      std::map<double, double> counts;
      for (const double n : drawn(ZipfLength{min, max, exponent})) ++counts[n];
      double sum = 0;
      for (int n = min; n <= max; ++n) sum += std::pow(n, -exponent);
      for (int n = min; n <= max; ++n) {
        const double share = std::pow(n, -exponent) / sum;
        EXPECT_NEAR(counts[n] / kCount, share, share_tolerance(share) + 1e-4)
            << n << " of " << exponent;
      }
      EXPECT_GE(counts.begin()->first, min);
      EXPECT_LE(counts.rbegin()->first, max);
    }
  }
}

TEST(LengthDistribution, SteepZipfLawsOfLargeNumbersKeepTheirDigits) {
  // Shares fall by (1001/1000)^-60 = 0.9418 from one number to the next.
  const std::vector<double> values = drawn(ZipfLength{1000, 100'000, 60});
  EXPECT_NEAR(1 - share_above(values, 1000), 0.0578, 0.004);
  expect_bounds(ZipfLength{1, 2147483647, 100}, 1, 1);
}

TEST(LengthDistribution, ParetoHasItsTail) {
  // P(> x) = ((100 / x)^1.2 - c) / (1 - c), c = (100 / 10000)^1.2 = 0.003981.
  const std::vector<double> values = drawn(ParetoLength{100, 10'000, 1.2});
  const auto tail = [](double x) {
    const double c = std::pow(0.01, 1.2);
    return (std::pow(100 / x, 1.2) - c) / (1 - c);
  };
  for (const double x : {200.5, 1000.5, 5000.5}) {
    EXPECT_NEAR(share_above(values, x), tail(x), share_tolerance(tail(x))) << x;
  }
  EXPECT_GE(*std::min_element(values.begin(), values.end()), 100);
  EXPECT_LE(*std::max_element(values.begin(), values.end()), 10'000);
}

TEST(LengthDistribution, VllmsAndSglangsRangesAreDifferentThings) {
  expect_bounds(VllmRangeLength{100, 0.1}, 90, 110);
  expect_bounds(VllmRangeLength{15, 0.1}, 13, 17);
  expect_bounds(VllmRangeLength{1, 0.9}, 1, 2);
  expect_bounds(VllmRangeLength{100, 0}, 100, 100);
  expect_bounds(SglangRangeLength{100, 0.1}, 10, 100);
  expect_bounds(SglangRangeLength{100, 0}, 1, 100);
  expect_bounds(SglangRangeLength{100, 1}, 100, 100);
  EXPECT_NEAR(mean_of(drawn(VllmRangeLength{100, 0.1})), 100, 4 * 6.06 / std::sqrt(kCount));
  EXPECT_NEAR(mean_of(drawn(SglangRangeLength{100, 0.1})), 55, 4 * 26.3 / std::sqrt(kCount));
}

TEST(LengthDistribution, MixturesFollowTheirWeights) {
  const MixtureLength mixture{
      {{3, ConstantLength{10}}, {0, ConstantLength{20}}, {1, UniformLength{100, 199}}}};
  const std::vector<double> values = drawn(mixture);
  EXPECT_NEAR(share_above(values, 10), 0.25, share_tolerance(0.25));
  EXPECT_EQ(std::count(values.begin(), values.end(), 20), 0);
  EXPECT_NEAR(share_above(values, 149), 0.125, share_tolerance(0.125));
}

TEST(LengthDistribution, FixedMixesKeepPairsTogether) {
  const PairMix mix{{{3, {1024, 128}}, {1, {8192, 512}}}};
  double longer = 0;
  for (const LengthPair& pair : sample_lengths(mix, {}, kCount, 7).pairs) {
    const bool is_long = pair == LengthPair{8192, 512};
    EXPECT_TRUE(is_long || (pair == LengthPair{1024, 128}));
    longer += is_long ? 1 : 0;
  }
  EXPECT_NEAR(longer / kCount, 0.25, share_tolerance(0.25));
  EXPECT_EQ(describe(mix), "a mix of 3 x 1024 to 128 and 1 x 8192 to 512");
  EXPECT_EQ(sample_lengths(mix, {1000, std::nullopt}, 10, 7).cut_inputs, 10);
}

TEST(LengthDistribution, TheSeedDecidesAndTheLengthsAreFixedForAllTime) {
  const std::vector<LengthDistribution> all{
      NormalLength{1000, 100},        ExponentialLength{500},     ZipfLength{1, 100'000, 1.1},
      ParetoLength{100, 10'000, 1.2}, VllmRangeLength{1000, 0.5}, SglangRangeLength{1000, 0.5}};
  std::vector<double> first;
  for (const LengthDistribution& lengths : all) {
    first.push_back(drawn(lengths)[0]);
    EXPECT_EQ(drawn(lengths), drawn(lengths));
    EXPECT_NE(drawn(lengths), drawn(lengths, 8));
  }
  EXPECT_THAT(first, ::testing::ElementsAre(1039, 43, 1, 772, 1425, 566));
}

TEST(LengthDistribution, DescriptionsNameTheParameters) {
  EXPECT_EQ(describe(NormalLength{1000, 50}),
            "normal with mean 1000 and deviation 50, truncated at 1");
  EXPECT_EQ(describe(ExponentialLength{500}), "exponential with mean 500");
  EXPECT_EQ(describe(ZipfLength{1, 9, 1.5}), "zipf from 1 to 9 with exponent 1.5");
  EXPECT_EQ(describe(ParetoLength{1, 9, 1.5}), "pareto from 1 to 9 with alpha 1.5");
  EXPECT_EQ(describe(VllmRangeLength{100, 0.5}), "vLLM's range from 50 to 150");
  EXPECT_EQ(describe(SglangRangeLength{100, 0.5}), "SGLang's range from 50 to 100");
  EXPECT_EQ(describe(MixtureLength{{{3, ConstantLength{10}}, {1, UniformLength{2, 4}}}}),
            "a mixture of 3 x (constant 10) and 1 x (uniform from 2 to 4)");
}

struct Refusal {
  LengthDistribution lengths;
  std::string message;
};

TEST(LengthDistribution, ParametersOutOfRangeAreRefused) {
  for (const auto& [lengths, message] : std::vector<Refusal>{
           {NormalLength{0.5, 1}, "normal must have a mean from 1 to 2147483647 tokens, found 0.5"},
           {NormalLength{kNan, 1}, "normal must have a mean"},
           {NormalLength{5, -1}, "normal must have a deviation from 0"},
           {ExponentialLength{0}, "exponential must have a mean above 0"},
           {ZipfLength{5, 4, 1}, "zipf must have 1 <= min <= max"},
           {ZipfLength{0, 4, 1}, "zipf must have 1 <= min <= max"},
           {ZipfLength{1, 4, -1}, "zipf must have an exponent from 0 to 100, found -1"},
           {ParetoLength{5, 4, 1}, "pareto must have 1 <= min <= max"},
           {ParetoLength{1, 4, 0}, "pareto must have an alpha from 0.001 to 100, found 0"},
           {VllmRangeLength{100, 1}, "vllm_range must have a ratio of 0 <= r < 1, found 1"},
           {VllmRangeLength{100, -0.1}, "vllm_range must have a ratio of 0 <= r < 1"},
           {VllmRangeLength{0, 0.1}, "vllm_range must be around 1 to"},
           {SglangRangeLength{100, 1.1}, "sglang_range must have a ratio of 0 <= r <= 1"},
           {SglangRangeLength{100, kNan}, "sglang_range must have a ratio of 0 <= r <= 1"},
           {SglangRangeLength{0, 0.1}, "sglang_range must be up to 1 to"},
           {MixtureLength{}, "at least one weight must be above zero, found none of 0"},
           {MixtureLength{{{0, ConstantLength{1}}}}, "at least one weight must be above zero"},
           {MixtureLength{{{-1, ConstantLength{1}}, {2, ConstantLength{1}}}},
            "a weight must be from 0 to 1e9, found -1"},
           {MixtureLength{{{1, ConstantLength{0}}}}, "constant must be from 1"}}) {
    EXPECT_THAT(error_of([&] { check(lengths, "input"); }),
                HasSubstr("lengths: input: " + message));
  }
  EXPECT_THAT(error_of([&] { sample_lengths(PairMix{}, {}, 1, 7); }),
              HasSubstr("lengths: mix: at least one weight must be above zero"));
  EXPECT_THAT(error_of([&] {
                sample_lengths(PairMix{{{1, {0, 1}}}}, {}, 1, 7);
              }),
              HasSubstr("lengths: input: constant must be from 1"));
}

}  // namespace
}  // namespace kvferry::workloads
