// The two laws that ServeGen clients are drawn from.
#include "sim/base/random.hpp"
#include "workloads/row_fault.hpp"
#include "workloads/stationary_gaps.hpp"
#include "workloads/token_distribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::HasSubstr;

// The mean of n draws, which must lie within 4 standard errors of what is expected.
template <typename Draw>
void expect_mean(double expected, Draw draw) {
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  const double error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  EXPECT_NEAR(mean, expected, 4 * error);
}

TEST(StationaryGaps, HaveMeanOneAndBeginWithinAGap) {
  // The mean until the first event is (1 + cv^2) / 2: cv^2 is 1, 1/shape = 4, and
  // Gamma(5) / Gamma(3)^2 - 1 = 5.
  struct Case {
    GapPattern pattern;
    double shape;
    double first;
  };
  for (const auto& [pattern, shape, first] :
       {Case{GapPattern::exponential, 1, 1}, Case{GapPattern::gamma, 0.25, 2.5},
        Case{GapPattern::weibull, 0.5, 3}, Case{GapPattern::gamma, 9.5, 0.5 * (1 + 1 / 9.5)}}) {
    const StationaryGaps gaps(pattern, shape);
    RandomStream random(1, "test");
    expect_mean(1, [&] { return gaps.next(random); });
    expect_mean(first, [&] { return gaps.first(random); });
  }
}

TEST(TokenDistribution, DrawsEachNumberAsOftenAsItSays) {
  const TokenDistribution tokens(" {45: 0.5, 46: 2.5e-1,\n 0: 0.25} ");
  RandomStream random(1, "test");
  std::map<std::int64_t, int> counts;
  for (int i = 0; i < 40'000; ++i) ++counts[tokens.draw(random)];
  // Deviation sqrt(n p (1 - p)) is at most 100.
  EXPECT_NEAR(counts[45], 20'000, 400);
  EXPECT_NEAR(counts[46], 10'000, 400);
  EXPECT_NEAR(counts[0], 10'000, 400);
  EXPECT_EQ(counts.size(), 3U);
}

TEST(TokenDistribution, WhatIsNoDistributionIsAFault) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"[1: 1.0]", "a dictionary in braces"},
           {"{", "a dictionary in braces"},
           {"{1}", "'key: value'"},
           {"{1: 1.0,, 2: 0}", "'key: value'"},
           {"{'1': 1.0}", "a whole number of tokens as key"},
           {"{1.5: 1.0}", "a whole number of tokens as key"},
           {"{-1: 1.0}", "a whole number of tokens as key"},
           {"{1: 0.5, 1: 0.5}", "every key once"},
           {"{1: -0.5, 2: 1.5}", "a probability that is not negative"},
           {"{1: nan}", "a probability that is not negative"},
           {"{1: 0.99999}", "probabilities with the sum 1"},
           {"{1: 0.6, 2: 0.5}", "probabilities with the sum 1"}}) {
    try {
      const TokenDistribution accepted(text);
      ADD_FAILURE() << text << " was accepted";
    } catch (const RowFault& fault) {
      EXPECT_THAT(fault.what(), HasSubstr("expected " + message)) << text;
    }
  }
  EXPECT_TRUE(TokenDistribution("{}").is_empty());
}

}  // namespace
}  // namespace kvferry::workloads
