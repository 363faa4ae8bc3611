#include "workloads/lengths.hpp"

#include "tests/workloads/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::StartsWith;

constexpr std::int64_t kCount = 100'000;

std::vector<std::int64_t> inputs(const SampledLengths& sampled) {
  std::vector<std::int64_t> values;
  for (const LengthPair& pair : sampled.pairs) values.push_back(pair.input_tokens);
  return values;
}

std::vector<std::int64_t> outputs(const SampledLengths& sampled) {
  std::vector<std::int64_t> values;
  for (const LengthPair& pair : sampled.pairs) values.push_back(pair.output_tokens);
  return values;
}

SampledLengths sample_inputs(const LengthDistribution& input, const LengthLimits& limits = {}) {
  return sample_lengths({input, ConstantLength{1}}, limits, kCount, 7);
}

double share_at_most(const std::vector<std::int64_t>& values, std::int64_t bound) {
  const auto count =
      std::count_if(values.begin(), values.end(), [&](std::int64_t v) { return v <= bound; });
  return static_cast<double>(count) / static_cast<double>(values.size());
}

LengthTable table_of(std::vector<LengthPair> pairs) {
  LengthTable table;
  table.pairs = std::move(pairs);
  return table;
}

TEST(Lengths, ConstantIsConstant) {
  const SampledLengths sampled =
      sample_lengths({ConstantLength{1024}, ConstantLength{128}}, {}, 3, 7);
  EXPECT_THAT(sampled.pairs, ::testing::Each(LengthPair{1024, 128}));
  EXPECT_EQ(sampled.pairs.size(), 3U);
}

TEST(Lengths, UniformTakesEveryValueEquallyOften) {
  std::map<std::int64_t, double> counts;
  for (const std::int64_t value : inputs(sample_inputs(UniformLength{10, 16}))) ++counts[value];
  ASSERT_EQ(counts.size(), 7U);
  EXPECT_EQ(counts.begin()->first, 10);
  const double expected = kCount / 7.0;
  double chi_square = 0;
  for (const auto& [value, count] : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_square, 22.5);  // 99.9 % point of chi-square with 6 degrees of freedom
}

TEST(Lengths, UniformOverOneValueIsConstant) {
  EXPECT_THAT(inputs(sample_inputs(UniformLength{5, 5})), ::testing::Each(5));
}

TEST(Lengths, LogNormalHasItsPercentiles) {
  // A share p of n draws lies within 4 sqrt(p (1 - p) / n) of p; sigma = ln(2735/1020)/1.28155.
  const std::vector<std::int64_t> values = inputs(sample_inputs(LogNormalLength{1020, 2735}));
  const double tolerance = 4 / std::sqrt(static_cast<double>(kCount));
  EXPECT_NEAR(share_at_most(values, 1020), 0.5, 0.5 * tolerance);
  EXPECT_NEAR(share_at_most(values, 2735), 0.9, 0.3 * tolerance);
  // p99 = median * exp(2.3263 sigma) = 1020 * (2735 / 1020)^(2.3263 / 1.28155) = 6104.
  EXPECT_NEAR(share_at_most(values, 6104), 0.99, 0.1 * tolerance);
  EXPECT_GE(*std::min_element(values.begin(), values.end()), 1);
}

TEST(Lengths, WhatRoundsToZeroIsRaisedToOneAndCounted) {
  const SampledLengths sampled = sample_inputs(LogNormalLength{1, 10});
  EXPECT_EQ(*std::min_element(sampled.pairs.begin(), sampled.pairs.end()), (LengthPair{1, 1}));
  // Below 0.5: P(ln x < ln 0.5) = Phi(-ln 2 / (ln 10 / 1.28155)) = Phi(-0.38579) = 0.34983.
  EXPECT_NEAR(static_cast<double>(sampled.raised_inputs) / kCount, 0.34983, 0.0061);
  EXPECT_EQ(sampled.raised_outputs, 0);
}

TEST(Lengths, WhatExceedsTheLimitIsCutAndCounted) {
  const SampledLengths sampled = sample_inputs(UniformLength{1, 100}, {60, std::nullopt});
  const std::vector<std::int64_t> values = inputs(sampled);
  EXPECT_EQ(*std::max_element(values.begin(), values.end()), 60);
  EXPECT_NEAR(static_cast<double>(sampled.cut_inputs) / kCount, 0.4, 0.0062);
  EXPECT_EQ(sampled.cut_outputs, 0);
  EXPECT_EQ(sample_lengths({ConstantLength{5}, ConstantLength{9}}, {5, 8}, 10, 7).cut_outputs, 10);
}

TEST(Lengths, NoLengthExceeds31Bits) {
  const SampledLengths sampled = sample_inputs(LogNormalLength{2e9, 2.1e9});
  const std::vector<std::int64_t> values = inputs(sampled);
  EXPECT_EQ(*std::max_element(values.begin(), values.end()), 2147483647);
  EXPECT_GT(sampled.cut_inputs, 0);
}

TEST(Lengths, EmpiricalPairsStayTogether) {
  const LengthTable table = table_of({{10, 1}, {20, 2}, {30, 3}});
  std::map<LengthPair, double> counts;
  for (const LengthPair& pair : sample_lengths(table, {}, kCount, 7).pairs) ++counts[pair];
  ASSERT_EQ(counts.size(), 3U);
  double chi_square = 0;
  for (const LengthPair& pair : table.pairs) {
    const double excess = counts.at(pair) - kCount / 3.0;
    chi_square += excess * excess / (kCount / 3.0);
  }
  EXPECT_LT(chi_square, 13.8);  // 99.9 % point of chi-square with 2 degrees of freedom
}

TEST(Lengths, EmpiricalLengthsAreCutAndCounted) {
  const SampledLengths sampled = sample_lengths(table_of({{10, 5}}), {8, 5}, 4, 7);
  EXPECT_THAT(sampled.pairs, ::testing::Each(LengthPair{8, 5}));
  EXPECT_EQ(sampled.cut_inputs, 4);
  EXPECT_EQ(sampled.cut_outputs, 0);
}

TEST(Lengths, ChangingOneSideDoesNotDisturbTheOther) {
  const LengthDistribution lognormal = LogNormalLength{100, 300};
  const auto base = sample_lengths({lognormal, lognormal}, {}, 100, 7);
  const auto changed = sample_lengths({UniformLength{1, 9}, lognormal}, {}, 100, 7);
  EXPECT_EQ(outputs(base), outputs(changed));
  EXPECT_NE(inputs(base), outputs(base)) << "the two sides must not share a stream";
}

TEST(Lengths, TheSeedDecidesAndTheLengthsAreFixedForAllTime) {
  const IndependentLengths lengths{LogNormalLength{1020, 2735}, UniformLength{1, 1000}};
  EXPECT_EQ(sample_lengths(lengths, {}, 50, 7).pairs, sample_lengths(lengths, {}, 50, 7).pairs);
  EXPECT_NE(sample_lengths(lengths, {}, 50, 7).pairs, sample_lengths(lengths, {}, 50, 8).pairs);
  EXPECT_THAT(sample_lengths(lengths, {}, 2, 7).pairs,
              ::testing::ElementsAre(LengthPair{848, 44}, LengthPair{1501, 507}));
}

TEST(Lengths, ParametersOutOfRangeAreRefused) {
  const auto complaint = [](const LengthDistribution& input) {
    return error_of([&] { sample_inputs(input); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(complaint(ConstantLength{0}),
            "lengths: input: constant must be from 1 to 2147483647 tokens, found 0");
  EXPECT_EQ(complaint(UniformLength{9, 8}),
            "lengths: input: uniform must have 1 <= min <= max <= 2147483647 tokens, found min 9 "
            "and max 8");
  EXPECT_THAT(complaint(UniformLength{0, 8}), StartsWith("lengths: input: uniform must have"));
  EXPECT_EQ(complaint(LogNormalLength{100, 100}),
            "lengths: input: lognormal must have 0 < median < p90 <= 2147483647 tokens, found "
            "median 100 and p90 100");
  for (const LogNormalLength bad : {LogNormalLength{0, 5}, LogNormalLength{nan, 5},
                                    LogNormalLength{5, nan}, LogNormalLength{5, 1e300}}) {
    EXPECT_THAT(complaint(bad), StartsWith("lengths: input: lognormal must have"));
  }
}

TEST(Lengths, LimitsAndCountsOutOfRangeAreRefused) {
  const IndependentLengths lengths{ConstantLength{5}, ConstantLength{5}};
  EXPECT_EQ(error_of([&] {
              sample_lengths(lengths, {0, std::nullopt}, 1, 7);
            }),
            "lengths: input: the limit must be from 1 to 2147483647 tokens, found 0");
  EXPECT_EQ(error_of([&] {
              sample_lengths(lengths, {std::nullopt, -1}, 1, 7);
            }),
            "lengths: output: the limit must be from 1 to 2147483647 tokens, found -1");
  EXPECT_EQ(error_of([&] { sample_lengths(lengths, {}, 0, 7); }),
            "lengths: at least one request is needed, found 0");
  EXPECT_EQ(error_of([&] { sample_lengths(LengthTable{}, {}, 1, 7); }),
            "lengths: the length table is empty");
}

TEST(Lengths, DescriptionsNameTheParameters) {
  EXPECT_EQ(describe(IndependentLengths{LogNormalLength{1020, 2735}, ConstantLength{128}}),
            "input lognormal with median 1020 and p90 2735, output constant 128");
  EXPECT_EQ(describe(IndependentLengths{UniformLength{1, 9}, UniformLength{2, 3}}),
            "input uniform from 1 to 9, output uniform from 2 to 3");
}

}  // namespace
}  // namespace kvferry::workloads
