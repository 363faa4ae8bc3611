#include "codec/number_format.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::codec {

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::bf16:
      return "bf16";
    case DType::e5m2:
      return "e5m2";
    case DType::e4m3:
      return "e4m3";
  }
  return "unknown";
}

std::uint8_t fp8_from_bf16(std::uint16_t bits, DType dtype) {
  const int mantissa_bits = dtype == DType::e5m2 ? 2 : 3;
  const int bias = dtype == DType::e5m2 ? 15 : 7;
  const unsigned largest = dtype == DType::e5m2 ? 0x7b : 0x7e;  // 57344 and 448
  const unsigned sign = bits >> 8 & 0x80U;
  const float magnitude = std::bit_cast<float>((bits & 0x7fffU) << 16);
  if (std::isnan(magnitude)) return static_cast<std::uint8_t>(sign | 0x7fU);
  if (magnitude == 0) return static_cast<std::uint8_t>(sign);
  // In units of the last place of the result, where rounding is to a whole number; subnormals share
  // one exponent.
  const int exponent = std::max(std::ilogb(magnitude), 1 - bias);
  const double units = std::nearbyint(std::ldexp(double{magnitude}, mantissa_bits - exponent));
  const double one = std::ldexp(1.0, mantissa_bits);
  const bool subnormal = units < one;
  const double code = subnormal ? units : (exponent + bias) * one + (units - one);
  return static_cast<std::uint8_t>(
      sign | static_cast<unsigned>(std::min(code, static_cast<double>(largest))));
}

}  // namespace kvferry::codec
