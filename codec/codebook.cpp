#include "codec/codebook.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

namespace kvferry::codec {
namespace {

std::vector<std::uint8_t> by_falling_frequency(const ExponentHistogram& histogram) {
  std::vector<std::uint8_t> order(histogram.size());
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint8_t a, std::uint8_t b) { return histogram[a] > histogram[b]; });
  return order;
}

// The bits that are counted first, a value's highest: a whole FP8 value, or sign and exponent of
// BF16. Nothing but a shift and a mask comes before the count.
constexpr unsigned counted_bits(DType dtype) {
  return dtype == DType::bf16 ? 9 : 8;
}

// Values that follow one another are counted in different tables: they are often equal, and adding
// to a number that has just been stored is slow.
constexpr std::size_t kTables = 4;
template <DType kType>
using CountTables = std::array<std::array<std::uint32_t, 1U << counted_bits(kType)>, kTables>;

template <DType kType>
void count_word(std::uint64_t word, CountTables<kType>& tables) {
  constexpr unsigned kValueBits = 8 * bytes_per_value(kType);
  constexpr unsigned kUncounted = kValueBits - counted_bits(kType);
  constexpr std::uint64_t kMask = (1U << counted_bits(kType)) - 1;
  for (unsigned i = 0; i < 64 / kValueBits; ++i) {
    const std::uint64_t shifted = word >> (kValueBits * i + kUncounted);
    ++tables[i % kTables][shifted & kMask];
  }
}

// At most 2^32 values, so that no count overflows.
template <DType kType>
void count_part(std::span<const std::byte> values, ExponentHistogram& histogram) {
  using Bits = typename NumberFormat<kType>::Bits;
  CountTables<kType> tables{};
  std::size_t offset = 0;
  for (; offset + 8 <= values.size(); offset += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, values.data() + offset, 8);
    count_word<kType>(word, tables);
  }
  constexpr unsigned kUncounted = 8 * sizeof(Bits) - counted_bits(kType);
  for (std::size_t counted = 0; counted < tables[0].size(); ++counted) {
    const auto exponent = split<kType>(static_cast<Bits>(counted << kUncounted)).exponent;
    for (const auto& table : tables) histogram[exponent] += table[counted];
  }
  Bits bits{};
  for (; offset + sizeof bits <= values.size(); offset += sizeof bits) {
    std::memcpy(&bits, values.data() + offset, sizeof bits);
    ++histogram[split<kType>(bits).exponent];
  }
}

template <DType kType>
void count(std::span<const std::byte> values, ExponentHistogram& histogram) {
  constexpr std::size_t kPart = std::size_t{1} << 30;
  for (; values.size() > kPart; values = values.subspan(kPart)) {
    count_part<kType>(values.first(kPart), histogram);
  }
  count_part<kType>(values, histogram);
}

std::uint64_t total(const ExponentHistogram& histogram) {
  return std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
}

// Header, directory and padding too: in a tensor of a few values they decide.
double predicted_frame_bytes(const ExponentHistogram& histogram, const FrameFormat& format) {
  const std::uint64_t count = std::min(total(histogram), kMaxValueCount);
  const auto values = static_cast<double>(count);
  const int coded_bits = 8 * static_cast<int>(bytes_per_value(format.dtype)) -
                         exponent_bits(format.dtype) + format.code_bits;
  const double fixed =
      static_cast<double>(frame_layout(count, format).escapes) - values * coded_bits / 8;
  return fixed + values * predicted_bytes_per_value(histogram, format);
}

}  // namespace

void count_exponents(std::span<const std::byte> values, DType dtype, ExponentHistogram& histogram) {
  switch (dtype) {
    case DType::bf16:
      return count<DType::bf16>(values, histogram);
    case DType::e5m2:
      return count<DType::e5m2>(values, histogram);
    case DType::e4m3:
      return count<DType::e4m3>(values, histogram);
  }
}

double exponent_entropy_bits(const ExponentHistogram& histogram) {
  constexpr double kLn2 = 0.6931471805599453;
  const auto all = static_cast<double>(total(histogram));
  double entropy = 0;
  for (const std::uint64_t count : histogram) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / all;
    entropy -= share * portable_log(share) / kLn2;
  }
  return entropy;
}

double coverage(const ExponentHistogram& histogram, std::size_t count) {
  const std::uint64_t all = total(histogram);
  if (all == 0) return 1;
  const auto order = by_falling_frequency(histogram);
  std::uint64_t covered = 0;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i) covered += histogram[order[i]];
  return static_cast<double>(covered) / static_cast<double>(all);
}

Codebook Codebook::most_frequent(const ExponentHistogram& histogram, std::size_t size) {
  std::vector<std::uint8_t> chosen = by_falling_frequency(histogram);
  chosen.resize(size);
  std::sort(chosen.begin(), chosen.end());
  return Codebook(chosen);
}

Codebook::Codebook(std::span<const std::uint8_t> ascending_exponents)
    : size_(ascending_exponents.size()) {
  assert(size_ >= 1 && size_ <= kMaxCodebookSize);
  assert(std::ranges::adjacent_find(ascending_exponents, std::greater_equal<>{}) ==
         ascending_exponents.end());
  codes_.fill(kEscape);
  for (std::size_t code = 0; code < size_; ++code) {
    exponents_[code] = ascending_exponents[code];
    codes_[ascending_exponents[code]] = static_cast<std::uint8_t>(code);
  }
}

std::uint64_t escape_count(const ExponentHistogram& histogram, const Codebook& codebook) {
  std::uint64_t escapes = 0;
  for (std::size_t e = 0; e < histogram.size(); ++e) {
    if (codebook.code_of(static_cast<std::uint8_t>(e)) == Codebook::kEscape)
      escapes += histogram[e];
  }
  return escapes;
}

double predicted_bytes_per_value(const ExponentHistogram& histogram, const FrameFormat& format) {
  const double escape_bytes = format.mode == EscapeMode::sentinel ? 1 : 3;
  const double escapes = 1 - coverage(histogram, max_codebook_size(format));
  const double sign_mantissa_bits =
      8.0 * static_cast<double>(bytes_per_value(format.dtype)) - exponent_bits(format.dtype);
  const double coded = (sign_mantissa_bits + format.code_bits) / 8 + escapes * escape_bytes;
  return std::min(coded, static_cast<double>(
                             bytes_per_value(format.dtype)));  // chunks that would expand are raw
}

FormatChoice choose_format(const ExponentHistogram& histogram, DType dtype) {
  FrameFormat best{dtype, 4, EscapeMode::positional};
  double best_bytes = predicted_frame_bytes(histogram, best);
  for (const FrameFormat& format :
       {FrameFormat{dtype, 4, EscapeMode::sentinel}, FrameFormat{dtype, 3, EscapeMode::sentinel}}) {
    const double bytes = predicted_frame_bytes(histogram, format);
    if (bytes >= best_bytes) continue;
    best = format;
    best_bytes = bytes;
  }
  return {best, Codebook::most_frequent(histogram, max_codebook_size(best)),
          predicted_bytes_per_value(histogram, best)};
}

FormatChoice choose_format(const ExponentHistogram& histogram, DType dtype, FrameRule rule) {
  if (rule == FrameRule::smallest) return choose_format(histogram, dtype);
  FrameFormat format{dtype, 4, EscapeMode::positional};
  if (rule != FrameRule::w4_positional) format.mode = EscapeMode::sentinel;
  if (rule == FrameRule::w3_sentinel) format.code_bits = 3;
  return {format, Codebook::most_frequent(histogram, max_codebook_size(format)),
          predicted_bytes_per_value(histogram, format)};
}

double entropy_bound_bytes_per_value(const ExponentHistogram& histogram, DType dtype) {
  const double sign_mantissa_bits =
      8.0 * static_cast<double>(bytes_per_value(dtype)) - exponent_bits(dtype);
  return (sign_mantissa_bits + exponent_entropy_bits(histogram)) / 8;
}

}  // namespace kvferry::codec
