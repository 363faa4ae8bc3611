#include "workloads/length_distribution.hpp"

#include "sim/base/portable_math.hpp"
#include "workloads/trace_row.hpp"
#include "workloads/zipf.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace kvferry::workloads {
namespace {

std::int64_t rounded(double tokens) {
  if (tokens > static_cast<double>(kMostTokens)) return kMostTokens + 1;
  return std::llround(tokens);
}

struct Draw {
  RandomStream& random;

  std::int64_t operator()(const ConstantLength& length) const { return length.tokens; }
  std::int64_t operator()(const UniformLength& length) const {
    const auto choices = static_cast<std::uint64_t>(length.max_tokens - length.min_tokens + 1);
    return length.min_tokens + static_cast<std::int64_t>(random.below(choices));
  }
  std::int64_t operator()(const VllmRangeLength& length) const {
    return (*this)(bounds_of(length));
  }
  std::int64_t operator()(const SglangRangeLength& length) const {
    return (*this)(bounds_of(length));
  }
  std::int64_t operator()(const LogNormalLength& length) const {
    const double sigma = portable_log(length.p90_tokens / length.median_tokens) / kNormalQuantile90;
    return rounded(length.median_tokens * portable_exp(sigma * random.gaussian()));
  }
  std::int64_t operator()(const NormalLength& length) const {
    for (;;) {  // the mean is at least 1, so that nearly every second draw succeeds at worst
      const std::int64_t tokens =
          rounded(length.mean_tokens + length.deviation_tokens * random.gaussian());
      if (tokens >= 1) return tokens;
    }
  }
  std::int64_t operator()(const ExponentialLength& length) const {
    return rounded(length.mean_tokens * random.exponential());
  }
  std::int64_t operator()(const ZipfLength& length) const {
    return Zipf(length.min_tokens, length.max_tokens, length.exponent).draw(random);
  }
  std::int64_t operator()(const ParetoLength& length) const {
    const auto min = static_cast<double>(length.min_tokens);
    const auto max = static_cast<double>(length.max_tokens);
    const double cut = portable_pow(min / max, length.alpha);
    const double tail = 1 - random.uniform() * (1 - cut);
    return std::min(rounded(min * portable_pow(tail, -1 / length.alpha)), length.max_tokens);
  }
  std::int64_t operator()(const SimpleLength& length) const { return std::visit(*this, length); }
  std::int64_t operator()(const MixtureLength& mixture) const {
    std::vector<double> weights;
    for (const WeightedLength& part : mixture.parts) weights.push_back(part.weight);
    return (*this)(mixture.parts[draw_weighted(weights, random)].length);
  }
};

// 100 x (1 + 0.1) is 110 here, not 110.00000000000001.
constexpr double kRounding = 1e-12;

UniformLength around(double min, double max) {
  const auto least = static_cast<std::int64_t>(std::floor(min * (1 + kRounding)));
  const auto most = static_cast<std::int64_t>(std::ceil(max * (1 - kRounding)));
  return {std::max(std::int64_t{1}, least), std::max(std::int64_t{1}, most)};
}

}  // namespace

UniformLength bounds_of(const VllmRangeLength& length) {
  const auto tokens = static_cast<double>(length.tokens);
  return around(tokens * (1 - length.ratio), tokens * (1 + length.ratio));
}

UniformLength bounds_of(const SglangRangeLength& length) {
  const auto tokens = static_cast<double>(length.tokens);
  return around(tokens * length.ratio, tokens);
}

std::int64_t draw(const LengthDistribution& lengths, RandomStream& random) {
  return std::visit(Draw{random}, lengths);
}

std::size_t draw_weighted(const std::vector<double>& weights, RandomStream& random) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double rest = random.uniform() * sum;
  std::size_t last = 0;  // with a weight, for the case that rounding leaves a rest
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return last;
}

}  // namespace kvferry::workloads
