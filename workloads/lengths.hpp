// How long synthetic prompts and answers are. Start here: sample_lengths(lengths, limits, count,
// seed).
//
// Input and output each follow a distribution of their own, or both come from one row of a recorded
// table or from a few pairs with weights. Lengths are whole tokens, at least 1; what had to be cut
// or raised is counted.
#pragma once

#include "workloads/length_distribution.hpp"
#include "workloads/length_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::workloads {

struct IndependentLengths {
  LengthDistribution input;   ///< from the random stream "input lengths"
  LengthDistribution output;  ///< from the random stream "output lengths"
};

struct WeightedPair {
  double weight{};  ///< relative to the sum of all
  LengthPair pair;
};

/// A fixed mix of (input, output) pairs, each drawn in proportion to its weight.
struct PairMix {
  std::vector<WeightedPair> pairs;
};

/// What is longer is cut to the limit; 2^31 - 1 tokens when absent.
struct LengthLimits {
  std::optional<std::int64_t> max_input_tokens;
  std::optional<std::int64_t> max_output_tokens;
};

struct SampledLengths {
  std::vector<LengthPair> pairs;
  std::int64_t cut_inputs{};
  std::int64_t cut_outputs{};
  std::int64_t raised_inputs{};   ///< rounded to 0 and were made 1
  std::int64_t raised_outputs{};  ///< likewise
};

/// @throws InputError when a parameter is out of range.
SampledLengths sample_lengths(const IndependentLengths& lengths, const LengthLimits& limits,
                              std::int64_t count, std::uint64_t seed);

/// Rows of the table, drawn with replacement from the random stream "lengths"; pairs stay together.
/// @throws InputError when a limit is out of range or the table is empty.
SampledLengths sample_lengths(const LengthTable& table, const LengthLimits& limits,
                              std::int64_t count, std::uint64_t seed);

/// Pairs of the mix, from the random stream "lengths".
/// @throws InputError when a length, a weight or a limit is out of range.
SampledLengths sample_lengths(const PairMix& mix, const LengthLimits& limits, std::int64_t count,
                              std::uint64_t seed);

/// "input lognormal with median 1020 and p90 2735, output constant 128".
std::string describe(const IndependentLengths& lengths);

/// "a mix of 3 x 1024 to 128 and 1 x 8192 to 512".
std::string describe(const PairMix& mix);

}  // namespace kvferry::workloads
