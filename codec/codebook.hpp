// The exponents that get a 4-bit code, and how they are chosen.
//
// KV caches use few exponents: the 16 most frequent cover 99.5 to 99.99 % of the values of
// published models (SplitZip, arXiv 2605.01708). Everything else is an escape.
#pragma once

#include "codec/format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kvferry::codec {

/// How often each exponent occurs.
using ExponentHistogram = std::array<std::uint64_t, 256>;

/// Adds the exponents of whole values to `histogram`; zeros count like any other value.
void count_exponents(std::span<const std::byte> values, DType dtype, ExponentHistogram& histogram);

/// Shannon entropy of the exponents in bits; 0 for an empty histogram.
double exponent_entropy_bits(const ExponentHistogram& histogram);

/// Share of the values whose exponent is among the `count` most frequent ones; 1 for an empty
/// histogram.
double coverage(const ExponentHistogram& histogram, std::size_t count);

/// 1 to 16 distinct exponents in ascending order; an entry's rank is its code.
class Codebook {
 public:
  static constexpr std::uint8_t kEscape = 0xff;

  /// The most frequent exponents; of equally frequent ones the smaller.  @param size 1 to 16
  static Codebook most_frequent(const ExponentHistogram& histogram, std::size_t size);

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

/// Values of a histogram whose exponent has no code.
std::uint64_t escape_count(const ExponentHistogram& histogram, const Codebook& codebook);

/// A format for some values, with its codebook.
struct FormatChoice {
  FrameFormat format;
  Codebook codebook;
  double bytes_per_value;  ///< predicted, header and directory aside
};

/// The format with the smallest predicted frame for as many values as the histogram counts: 4-bit
/// codes with positions or sentinel, or 3-bit codes with sentinel. Ties go to the one named first.
FormatChoice choose_format(const ExponentHistogram& histogram, DType dtype);

/// Which format frames have; `smallest` is chosen per tensor by predicted size.
enum class FrameRule : std::uint8_t { w4_positional, w4_sentinel, w3_sentinel, smallest };

/// The format of the rule, with the best codebook for the histogram.
FormatChoice choose_format(const ExponentHistogram& histogram, DType dtype, FrameRule rule);

/// Predicted bytes per value of a format with the best codebook for the histogram.
double predicted_bytes_per_value(const ExponentHistogram& histogram, const FrameFormat& format);

/// Bytes per value that no code of single exponents can beat: sign and mantissa raw, the exponents'
/// entropy.
double entropy_bound_bytes_per_value(const ExponentHistogram& histogram, DType dtype);

}  // namespace kvferry::codec
