#include "workloads/lengths.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/base/random.hpp"
#include "workloads/trace_row.hpp"

#include <cstddef>
#include <string_view>

namespace kvferry::workloads {
namespace {

bool is_length(std::int64_t tokens) {
  return tokens >= 1 && tokens <= kMostTokens;
}

[[noreturn]] void refuse(std::string_view side, std::string_view rule, const std::string& found) {
  throw InputError("lengths: " + std::string(side) + ": " + std::string(rule) + ", found " + found);
}

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
  check(lengths.input, "input");
  check(lengths.output, "output");
  RandomStream input(seed, "input lengths");
  RandomStream output(seed, "output lengths");
  return sample(limits, count, [&] {
    return LengthPair{draw(lengths.input, input), draw(lengths.output, output)};
  });
}

SampledLengths sample_lengths(const LengthTable& table, const LengthLimits& limits,
                              std::int64_t count, std::uint64_t seed) {
  if (table.pairs.empty()) throw InputError("lengths: the length table is empty");
  RandomStream random(seed, "lengths");
  return sample(limits, count, [&] { return table.pairs[random.below(table.pairs.size())]; });
}

SampledLengths sample_lengths(const PairMix& mix, const LengthLimits& limits, std::int64_t count,
                              std::uint64_t seed) {
  std::vector<double> weights;
  for (const WeightedPair& part : mix.pairs) {
    check(ConstantLength{part.pair.input_tokens}, "input");
    check(ConstantLength{part.pair.output_tokens}, "output");
    weights.push_back(part.weight);
  }
  check_weights(weights, "mix");
  RandomStream random(seed, "lengths");
  return sample(limits, count, [&] { return mix.pairs[draw_weighted(weights, random)].pair; });
}

std::string describe(const IndependentLengths& lengths) {
  return "input " + describe(lengths.input) + ", output " + describe(lengths.output);
}

std::string describe(const PairMix& mix) {
  std::string text = "a mix of";
  for (const WeightedPair& part : mix.pairs) {
    if (&part != &mix.pairs.front()) text += " and";
    text += " " + shortest_decimal(part.weight) + " x " + std::to_string(part.pair.input_tokens) +
            " to " + std::to_string(part.pair.output_tokens);
  }
  return text;
}

}  // namespace kvferry::workloads
