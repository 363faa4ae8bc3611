#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/length_distribution.hpp"
#include "workloads/trace_row.hpp"

#include <cmath>

namespace kvferry::workloads {
namespace {

// Steeper laws have only their smallest length.
constexpr double kLargestExponent = 100;

bool is_length(std::int64_t tokens) {
  return tokens >= 1 && tokens <= kMostTokens;
}

bool is_range(std::int64_t min, std::int64_t max) {
  return is_length(min) && is_length(max) && min <= max;
}

std::string range_text(std::int64_t min, std::int64_t max) {
  return "min " + std::to_string(min) + " and max " + std::to_string(max);
}

struct Check {
  std::string_view what;

  void operator()(const ConstantLength& length) const {
    require(is_length(length.tokens), "constant must be from 1 to 2147483647 tokens",
            std::to_string(length.tokens));
  }
  void operator()(const UniformLength& length) const {
    require(is_range(length.min_tokens, length.max_tokens),
            "uniform must have 1 <= min <= max <= 2147483647 tokens",
            range_text(length.min_tokens, length.max_tokens));
  }
  void operator()(const VllmRangeLength& length) const {
    require(length.ratio >= 0 && length.ratio < 1, "vllm_range must have a ratio of 0 <= r < 1",
            shortest_decimal(length.ratio));
    require(is_length(length.tokens) && length.tokens <= kMostTokens / 2,
            "vllm_range must be around 1 to 1073741823 tokens", std::to_string(length.tokens));
  }
  void operator()(const SglangRangeLength& length) const {
    require(length.ratio >= 0 && length.ratio <= 1, "sglang_range must have a ratio of 0 <= r <= 1",
            shortest_decimal(length.ratio));
    require(is_length(length.tokens), "sglang_range must be up to 1 to 2147483647 tokens",
            std::to_string(length.tokens));
  }
  void operator()(const LogNormalLength& length) const {
    const bool ok = length.median_tokens > 0 && length.p90_tokens > length.median_tokens &&
                    length.p90_tokens <= static_cast<double>(kMostTokens);
    require(ok, "lognormal must have 0 < median < p90 <= 2147483647 tokens",
            "median " + shortest_decimal(length.median_tokens) + " and p90 " +
                shortest_decimal(length.p90_tokens));
  }
  void operator()(const NormalLength& length) const {
    const auto most = static_cast<double>(kMostTokens);
    require(length.mean_tokens >= 1 && length.mean_tokens <= most,
            "normal must have a mean from 1 to 2147483647 tokens",
            shortest_decimal(length.mean_tokens));
    require(length.deviation_tokens >= 0 && length.deviation_tokens <= most,
            "normal must have a deviation from 0 to 2147483647 tokens",
            shortest_decimal(length.deviation_tokens));
  }
  void operator()(const ExponentialLength& length) const {
    require(length.mean_tokens > 0 && length.mean_tokens <= static_cast<double>(kMostTokens),
            "exponential must have a mean above 0 and at most 2147483647 tokens",
            shortest_decimal(length.mean_tokens));
  }
  void operator()(const ZipfLength& length) const {
    require(is_range(length.min_tokens, length.max_tokens),
            "zipf must have 1 <= min <= max <= 2147483647 tokens",
            range_text(length.min_tokens, length.max_tokens));
    require(length.exponent >= 0 && length.exponent <= kLargestExponent,
            "zipf must have an exponent from 0 to 100", shortest_decimal(length.exponent));
  }
  void operator()(const ParetoLength& length) const {
    require(is_range(length.min_tokens, length.max_tokens),
            "pareto must have 1 <= min <= max <= 2147483647 tokens",
            range_text(length.min_tokens, length.max_tokens));
    require(length.alpha >= 1e-3 && length.alpha <= kLargestExponent,
            "pareto must have an alpha from 0.001 to 100", shortest_decimal(length.alpha));
  }
  void operator()(const SimpleLength& length) const { std::visit(*this, length); }
  void operator()(const MixtureLength& mixture) const {
    std::vector<double> weights;
    for (const WeightedLength& part : mixture.parts) {
      (*this)(part.length);
      weights.push_back(part.weight);
    }
    check_weights(weights, what);
  }

 private:
  void require(bool ok, std::string_view rule, const std::string& found) const {
    if (ok) return;
    throw InputError("lengths: " + std::string(what) + ": " + std::string(rule) + ", found " +
                     found);
  }
};

}  // namespace

void check(const LengthDistribution& lengths, std::string_view what) {
  std::visit(Check{what}, lengths);
}

void check_weights(const std::vector<double>& weights, std::string_view what) {
  double sum = 0;
  for (const double weight : weights) {
    if (!(weight >= 0 && weight <= 1e9)) {
      throw InputError("lengths: " + std::string(what) +
                       ": a weight must be from 0 to 1e9, found " + shortest_decimal(weight));
    }
    sum += weight;
  }
  if (sum > 0) return;
  throw InputError("lengths: " + std::string(what) +
                   ": at least one weight must be above zero, found none of " +
                   std::to_string(weights.size()));
}

}  // namespace kvferry::workloads
