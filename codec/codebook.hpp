// The exponents that get a 4-bit code, and how they are chosen.
//
// KV caches use few exponents: the 16 most frequent cover 99.5 to 99.99 % of the values of
// published models (SplitZip, arXiv 2605.01708). Everything else is an escape.
#pragma once

#include "codec/format.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace kvferry::codec {

/// How often each of the 256 BF16 exponents occurs.
using ExponentHistogram = std::array<std::uint64_t, 256>;

/// Adds the exponents of `values` to `histogram`; zeros count like any other value.
void count_exponents(std::span<const std::uint16_t> values, ExponentHistogram& histogram);

/// Shannon entropy of the exponents in bits; 0 for an empty histogram.
double exponent_entropy_bits(const ExponentHistogram& histogram);

/// Share of the values whose exponent is among the `count` most frequent ones; 1 for an empty
/// histogram.
double coverage(const ExponentHistogram& histogram, std::size_t count);

/// 1 to 16 distinct exponents in ascending order; an entry's rank is its code.
class Codebook {
 public:
  static constexpr std::uint8_t kEscape = 0xff;

  /// The most frequent exponents, up to 16; of equally frequent ones the smaller. Always at least
  /// one.
  static Codebook most_frequent(const ExponentHistogram& histogram);

  /// @pre 1 to 16 strictly ascending entries
  explicit Codebook(std::span<const std::uint8_t> ascending_exponents);

  std::span<const std::uint8_t> exponents() const { return {exponents_.data(), size_}; }

  /// The code of an exponent, or kEscape.
  std::uint8_t code_of(std::uint8_t exponent) const { return codes_[exponent]; }

 private:
  std::array<std::uint8_t, kMaxCodebookSize> exponents_{};
  std::size_t size_ = 0;
  std::array<std::uint8_t, 256> codes_{};
};

}  // namespace kvferry::codec
