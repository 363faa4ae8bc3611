// BF16 taken apart and put together: 1 sign bit, 8 exponent bits, 7 mantissa bits.
#pragma once

#include "codec/host_device.hpp"

#include <bit>
#include <cstdint>

namespace kvferry::codec {

/// The two bytes that SplitZip stores apart: the exponent, and the sign above the mantissa.
struct Bf16Parts {
  std::uint8_t exponent;
  std::uint8_t sign_mantissa;
};

KVFERRY_HOST_DEVICE constexpr Bf16Parts split(std::uint16_t bits) {
  return {static_cast<std::uint8_t>(bits >> 7),
          static_cast<std::uint8_t>((bits >> 8 & 0x80) | (bits & 0x7f))};
}

KVFERRY_HOST_DEVICE constexpr std::uint16_t join(Bf16Parts parts) {
  return static_cast<std::uint16_t>((parts.sign_mantissa & 0x80) << 8 | parts.exponent << 7 |
                                    (parts.sign_mantissa & 0x7f));
}

/// Nearest BF16, ties to even; a NaN stays a (quiet) NaN.
constexpr std::uint16_t bf16_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (bits & 0x7fffffffU) > 0x7f800000U;
  if (is_nan) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

static_assert(join(split(0xbf81)) == 0xbf81);
static_assert(split(0x3f80).exponent == 127 && split(0x3f80).sign_mantissa == 0);
static_assert(split(0xffff).exponent == 255 && split(0xffff).sign_mantissa == 0xff);
static_assert(bf16_from_float(1.0F) == 0x3f80);
static_assert(bf16_from_float(1.00390625F) == 0x3f80, "a tie goes to the even neighbour");

}  // namespace kvferry::codec
