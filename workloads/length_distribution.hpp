// Distributions of lengths in whole tokens, and of other small whole numbers.
#pragma once

#include "sim/base/random.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvferry::workloads {

/// The 90 % point of the standard normal distribution.
inline constexpr double kNormalQuantile90 = 1.2815515655446004;

struct ConstantLength {
  std::int64_t tokens{};
};

/// Every whole number from min to max, both included, equally often.
struct UniformLength {
  std::int64_t min_tokens{};
  std::int64_t max_tokens{};
};

/// `vllm bench serve --random-input-len L --random-range-ratio r`: every whole number from
/// floor(L (1 - r)) to ceil(L (1 + r)), at least 1, equally often.
struct VllmRangeLength {
  std::int64_t tokens{};
  double ratio{};  ///< 0 <= r < 1; 0: always L
};

/// SGLang's `--random-range-ratio r`, which means something else: every whole number from
/// max(1, floor(r L)) to L, equally often.
struct SglangRangeLength {
  std::int64_t tokens{};
  double ratio{};  ///< 0 <= r <= 1; 1: always L
};

/// The logarithm is normal with mean ln(median) and deviation ln(p90 / median) / 1.2816; rounded.
struct LogNormalLength {
  double median_tokens{};
  double p90_tokens{};
};

/// Normal, rounded, and drawn again while below 1, as AIPerf's `--isl --isl-stddev`.
struct NormalLength {
  double mean_tokens{};
  double deviation_tokens{};
};

/// Rounded.
struct ExponentialLength {
  double mean_tokens{};
};

/// P(n) proportional to n^-exponent for n from min to max.
struct ZipfLength {
  std::int64_t min_tokens{};
  std::int64_t max_tokens{};
  double exponent{};  ///< 0 to 100
};

/// Pareto's law of tail index alpha cut at max: P(> x) = ((min/x)^alpha - c) / (1 - c) with
/// c = (min/max)^alpha; rounded.
struct ParetoLength {
  std::int64_t min_tokens{};
  std::int64_t max_tokens{};
  double alpha{};  ///< above 0, at most 100
};

using SimpleLength =
    std::variant<ConstantLength, UniformLength, VllmRangeLength, SglangRangeLength, LogNormalLength,
                 NormalLength, ExponentialLength, ZipfLength, ParetoLength>;

struct WeightedLength {
  double weight{};  ///< relative to the sum of all
  SimpleLength length;
};

struct MixtureLength {
  std::vector<WeightedLength> parts;
};

using LengthDistribution = std::variant<SimpleLength, MixtureLength>;

/// @param what "input", "output" or whatever the lengths are, for the message
/// @throws InputError when a parameter is out of range.
void check(const LengthDistribution& lengths, std::string_view what);

/// One length as the distribution has it: 0 when it rounds to that, kMostTokens + 1 when longer.
std::int64_t draw(const LengthDistribution& lengths, RandomStream& random);

/// "lognormal with median 1020 and p90 2735".
std::string describe(const LengthDistribution& lengths);

/// The smallest and the largest length that a range has.
UniformLength bounds_of(const VllmRangeLength& length);
UniformLength bounds_of(const SglangRangeLength& length);

/// @throws InputError unless all are finite, none is negative and one is above zero.
void check_weights(const std::vector<double>& weights, std::string_view what);

/// The rank of one of the weights, drawn in their proportion.
std::size_t draw_weighted(const std::vector<double>& weights, RandomStream& random);

}  // namespace kvferry::workloads
