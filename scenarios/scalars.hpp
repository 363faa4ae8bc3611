// How each kind of scalar is read from text and printed back. A reader has
//   parse(text)  -> the value, or throws std::invalid_argument saying what was expected and found
//   print(value) -> text that parses back to the same value
//   kKind        -> how the value appears in JSON
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::scenarios {

enum class ScalarKind : std::uint8_t { text, number, boolean, path };

/// One line of UTF-8 without control characters.
struct Text {
  static constexpr ScalarKind kKind = ScalarKind::text;
  std::string parse(const std::string& text) const;
  std::string print(const std::string& value) const { return value; }
};

/// As Text; resolved scenarios hold it as an absolute path.
struct Path : Text {
  static constexpr ScalarKind kKind = ScalarKind::path;
};

struct Boolean {
  static constexpr ScalarKind kKind = ScalarKind::boolean;
  bool parse(const std::string& text) const;
  std::string print(bool value) const { return value ? "true" : "false"; }
};

/// A whole number from min to max.
struct Integer {
  static constexpr ScalarKind kKind = ScalarKind::number;
  std::int64_t min = 1;
  std::int64_t max = std::numeric_limits<std::int32_t>::max();
  std::int64_t parse(const std::string& text) const;
  std::string print(std::int64_t value) const { return std::to_string(value); }
};

/// Any 64-bit word.
struct Seed {
  static constexpr ScalarKind kKind = ScalarKind::number;
  std::uint64_t parse(const std::string& text) const;
  std::string print(std::uint64_t value) const { return std::to_string(value); }
};

/// GPUs that share a model: 1, 2, 4 or 8, the group sizes over which the all-reduce was measured.
struct TensorParallel {
  static constexpr ScalarKind kKind = ScalarKind::number;
  std::int32_t parse(const std::string& text) const;
  std::string print(std::int32_t value) const { return std::to_string(value); }
};

/// Stages that share a model's layers: 1, 2, 4, 8 or 16, so that hand-offs split evenly.
struct PipelineParallel {
  static constexpr ScalarKind kKind = ScalarKind::number;
  std::int32_t parse(const std::string& text) const;
  std::string print(std::int32_t value) const { return std::to_string(value); }
};

enum class Bound : std::uint8_t { inclusive, exclusive };

/// A finite number without a unit, above (or at least) min and at most max.
struct Number {
  static constexpr ScalarKind kKind = ScalarKind::number;
  double min = 0;
  double max = std::numeric_limits<double>::max();
  Bound lower = Bound::inclusive;
  double parse(const std::string& text) const;
  std::string print(double value) const;
};

enum class Sign : std::uint8_t { positive, not_negative };

/// Quantities with a unit, within bounds so wide that only mistakes meet them: times up to 1e9 s,
/// data rates from 1 B/s to 1e18 B/s, sizes up to 1 EB, rates from 1e-9 /s to 1e9 /s, compute rates
/// from 1e6 to 1e24 FLOP/s. They keep every sum of the simulation finite.
template <typename Quantity>
struct Measured {
  static constexpr ScalarKind kKind = ScalarKind::text;
  Sign sign = Sign::positive;
  Quantity parse(const std::string& text) const;
  std::string print(Quantity value) const;
};
using Size = Measured<Bytes>;
using Time = Measured<Seconds>;
using Bandwidth = Measured<BytesPerSecond>;
using EventRate = Measured<PerSecond>;
using ComputeRate = Measured<FlopPerSecond>;

/// @throws std::invalid_argument "unknown x 'found' (did you mean 'y'?); allowed: ..."
[[noreturn]] void refuse_name(const std::string& noun, const std::string& found,
                              const std::vector<std::string>& allowed);

/// One of a few words.
template <typename Enum>
struct Choice {
  static constexpr ScalarKind kKind = ScalarKind::text;
  std::string noun;
  std::vector<std::pair<std::string, Enum>> words;

  Enum parse(const std::string& text) const {
    for (const auto& [word, value] : words) {
      if (word == text) return value;
    }
    std::vector<std::string> allowed;
    for (const auto& entry : words) allowed.push_back(entry.first);
    refuse_name(noun, text, allowed);
  }
  std::string print(Enum value) const {
    for (const auto& [word, candidate] : words) {
      if (candidate == value) return word;
    }
    return {};
  }
};

}  // namespace kvferry::scenarios
