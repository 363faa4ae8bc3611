// The number formats of KV caches, taken apart and put together: the exponent, and the sign above
// the mantissa. Host and device arithmetic; tested on every bit pattern.
#pragma once

#include "codec/host_device.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace kvferry::codec {

/// The values are those of the wire format.
enum class DType : std::uint8_t {
  bf16 = 1,  ///< 1 sign, 8 exponent, 7 mantissa bits
  e5m2 = 2,  ///< FP8: 1, 5, 2
  e4m3 = 3,  ///< FP8: 1, 4, 3
};
std::string_view name_of(DType dtype);

template <DType kType>
struct NumberFormat;
template <>
struct NumberFormat<DType::bf16> {
  using Bits = std::uint16_t;
  static constexpr int kExponentBits = 8;
  static constexpr int kMantissaBits = 7;
};
template <>
struct NumberFormat<DType::e5m2> {
  using Bits = std::uint8_t;
  static constexpr int kExponentBits = 5;
  static constexpr int kMantissaBits = 2;
};
template <>
struct NumberFormat<DType::e4m3> {
  using Bits = std::uint8_t;
  static constexpr int kExponentBits = 4;
  static constexpr int kMantissaBits = 3;
};

KVFERRY_HOST_DEVICE constexpr int exponent_bits(DType dtype) {
  return dtype == DType::bf16 ? 8 : dtype == DType::e5m2 ? 5 : 4;
}
KVFERRY_HOST_DEVICE constexpr std::size_t bytes_per_value(DType dtype) {
  return dtype == DType::bf16 ? 2 : 1;
}

/// What SplitZip stores apart.
struct NumberParts {
  std::uint8_t exponent;
  std::uint8_t sign_mantissa;  ///< the sign is the highest of its 1 + mantissa bits
};

template <DType kType>
KVFERRY_HOST_DEVICE constexpr NumberParts split(typename NumberFormat<kType>::Bits bits) {
  constexpr int kMantissa = NumberFormat<kType>::kMantissaBits;
  constexpr int kExponent = NumberFormat<kType>::kExponentBits;
  constexpr unsigned kMantissaMask = (1U << kMantissa) - 1;
  constexpr unsigned kExponentMask = (1U << kExponent) - 1;
  const unsigned value = bits;
  const unsigned sign = value >> (kMantissa + kExponent);
  return {static_cast<std::uint8_t>(value >> kMantissa & kExponentMask),
          static_cast<std::uint8_t>(sign << kMantissa | (value & kMantissaMask))};
}

template <DType kType>
KVFERRY_HOST_DEVICE constexpr typename NumberFormat<kType>::Bits join(NumberParts parts) {
  constexpr int kMantissa = NumberFormat<kType>::kMantissaBits;
  constexpr int kExponent = NumberFormat<kType>::kExponentBits;
  constexpr unsigned kMantissaMask = (1U << kMantissa) - 1;
  const unsigned sign = static_cast<unsigned>(parts.sign_mantissa) >> kMantissa;
  const unsigned value = sign << (kMantissa + kExponent) |
                         static_cast<unsigned>(parts.exponent) << kMantissa |
                         (parts.sign_mantissa & kMantissaMask);
  return static_cast<typename NumberFormat<kType>::Bits>(value);
}

/// Nearest BF16, ties to even; a NaN stays a (quiet) NaN.
constexpr std::uint16_t bf16_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (bits & 0x7fffffffU) > 0x7f800000U;
  if (is_nan) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

/// Nearest FP8 of a BF16 value without scaling, ties to even, saturating at the largest finite
/// number.
std::uint8_t fp8_from_bf16(std::uint16_t bits, DType dtype);

static_assert(join<DType::bf16>(split<DType::bf16>(0xbf81)) == 0xbf81);
static_assert(split<DType::bf16>(0x3f80).exponent == 127);
static_assert(split<DType::e5m2>(0xbc).exponent == 15 &&
              split<DType::e5m2>(0xbc).sign_mantissa == 4);
static_assert(split<DType::e4m3>(0x38).exponent == 7 &&
              split<DType::e4m3>(0x38).sign_mantissa == 0);
static_assert(bf16_from_float(1.0F) == 0x3f80);
static_assert(bf16_from_float(1.00390625F) == 0x3f80, "a tie goes to the even neighbour");

}  // namespace kvferry::codec
