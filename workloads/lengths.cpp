#include "workloads/lengths.hpp"

#include "sim/base/error.hpp"
#include "sim/base/portable_math.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/base/random.hpp"
#include "workloads/trace_row.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace kvferry::workloads {
namespace {

constexpr double kNormalQuantile90 = 1.2815515655446004;

bool is_length(std::int64_t tokens) {
  return tokens >= 1 && tokens <= kMostTokens;
}

[[noreturn]] void refuse(std::string_view side, std::string_view rule, const std::string& found) {
  throw InputError("lengths: " + std::string(side) + ": " + std::string(rule) + ", found " + found);
}

struct Check {
  std::string_view side;  // "input" or "output"

  void operator()(const ConstantLength& length) const {
    if (is_length(length.tokens)) return;
    refuse(side, "constant must be from 1 to 2147483647 tokens", std::to_string(length.tokens));
  }
  void operator()(const UniformLength& length) const {
    const bool ok = is_length(length.min_tokens) && is_length(length.max_tokens) &&
                    length.min_tokens <= length.max_tokens;
    if (ok) return;
    refuse(side, "uniform must have 1 <= min <= max <= 2147483647 tokens",
           "min " + std::to_string(length.min_tokens) + " and max " +
               std::to_string(length.max_tokens));
  }
  void operator()(const LogNormalLength& length) const {
    const bool ok = length.median_tokens > 0 && length.p90_tokens > length.median_tokens &&
                    length.p90_tokens <= static_cast<double>(kMostTokens);
    if (ok) return;
    refuse(side, "lognormal must have 0 < median < p90 <= 2147483647 tokens",
           "median " + shortest_decimal(length.median_tokens) + " and p90 " +
               shortest_decimal(length.p90_tokens));
  }
};

// One length as the distribution has it: 0 when it rounds to that, kMostTokens + 1 when longer.
struct Draw {
  RandomStream& random;

  std::int64_t operator()(const ConstantLength& length) const { return length.tokens; }
  std::int64_t operator()(const UniformLength& length) const {
    const auto choices = static_cast<std::uint64_t>(length.max_tokens - length.min_tokens + 1);
    return length.min_tokens + static_cast<std::int64_t>(random.below(choices));
  }
  std::int64_t operator()(const LogNormalLength& length) const {
    const double sigma = portable_log(length.p90_tokens / length.median_tokens) / kNormalQuantile90;
    const double tokens = length.median_tokens * portable_exp(sigma * random.gaussian());
    if (tokens > static_cast<double>(kMostTokens)) return kMostTokens + 1;
    return std::llround(tokens);
  }
};

struct Describe {
  std::string operator()(const ConstantLength& length) const {
    return "constant " + std::to_string(length.tokens);
  }
  std::string operator()(const UniformLength& length) const {
    return "uniform from " + std::to_string(length.min_tokens) + " to " +
           std::to_string(length.max_tokens);
  }
  std::string operator()(const LogNormalLength& length) const {
    return "lognormal with median " + shortest_decimal(length.median_tokens) + " and p90 " +
           shortest_decimal(length.p90_tokens);
  }
};

std::int64_t checked_limit(std::string_view side, const std::optional<std::int64_t>& limit) {
  if (limit && !is_length(*limit)) {
    refuse(side, "the limit must be from 1 to 2147483647 tokens", std::to_string(*limit));
  }
  return limit.value_or(kMostTokens);
}

std::size_t checked_count(std::int64_t count) {
  if (count < 1) {
    throw InputError("lengths: at least one request is needed, found " + std::to_string(count));
  }
  return static_cast<std::size_t>(count);
}

std::int64_t bounded(std::int64_t tokens, std::int64_t limit, std::int64_t& cut,
                     std::int64_t& raised) {
  if (tokens > limit) ++cut;
  if (tokens < 1) ++raised;
  return tokens > limit ? limit : tokens < 1 ? 1 : tokens;
}

// Calls draw() for every request and keeps the lengths within their limits.
template <typename DrawPair>
SampledLengths sample(const LengthLimits& limits, std::int64_t count, DrawPair draw) {
  const std::int64_t max_input = checked_limit("input", limits.max_input_tokens);
  const std::int64_t max_output = checked_limit("output", limits.max_output_tokens);
  SampledLengths sampled;
  sampled.pairs.resize(checked_count(count));
  for (LengthPair& pair : sampled.pairs) {
    const LengthPair drawn = draw();
    pair = {bounded(drawn.input_tokens, max_input, sampled.cut_inputs, sampled.raised_inputs),
            bounded(drawn.output_tokens, max_output, sampled.cut_outputs, sampled.raised_outputs)};
  }
  return sampled;
}

}  // namespace

SampledLengths sample_lengths(const IndependentLengths& lengths, const LengthLimits& limits,
                              std::int64_t count, std::uint64_t seed) {
  std::visit(Check{"input"}, lengths.input);
  std::visit(Check{"output"}, lengths.output);
  RandomStream input(seed, "input lengths");
  RandomStream output(seed, "output lengths");
  return sample(limits, count, [&] {
    return LengthPair{std::visit(Draw{input}, lengths.input),
                      std::visit(Draw{output}, lengths.output)};
  });
}

SampledLengths sample_lengths(const LengthTable& table, const LengthLimits& limits,
                              std::int64_t count, std::uint64_t seed) {
  if (table.pairs.empty()) throw InputError("lengths: the length table is empty");
  RandomStream random(seed, "lengths");
  return sample(limits, count, [&] { return table.pairs[random.below(table.pairs.size())]; });
}

std::string describe(const IndependentLengths& lengths) {
  return "input " + std::visit(Describe{}, lengths.input) + ", output " +
         std::visit(Describe{}, lengths.output);
}

}  // namespace kvferry::workloads
