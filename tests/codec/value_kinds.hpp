// BF16 inputs that stress different parts of the codec; deterministic.
#pragma once

#include "codec/number_format.hpp"
#include "sim/base/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::codec {

enum class ValueKind : std::uint8_t {
  random_bits,
  gaussian,
  special_values,  ///< zeros, infinities, NaNs with payloads, denormals
  gaussian_with_strays,
  all_zero,
  coded_and_raw_chunks,
};
inline constexpr std::array kAllValueKinds{
    ValueKind::random_bits,          ValueKind::gaussian, ValueKind::special_values,
    ValueKind::gaussian_with_strays, ValueKind::all_zero, ValueKind::coded_and_raw_chunks};

inline std::uint16_t draw_value(ValueKind kind, std::size_t index, RandomStream& random) {
  constexpr std::array<std::uint16_t, 12> kSpecial{0x0000, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0xffff,
                                                   0x7f81, 0x0001, 0x8001, 0x007f, 0x0080, 0x3f80};
  const auto gaussian = [&] { return bf16_from_float(static_cast<float>(random.gaussian())); };
  const auto bits = [&] { return static_cast<std::uint16_t>(random.next_word()); };
  switch (kind) {
    case ValueKind::random_bits:
      return bits();
    case ValueKind::gaussian:
      return gaussian();
    case ValueKind::special_values:
      return kSpecial[random.below(kSpecial.size())];
    case ValueKind::gaussian_with_strays:
      return random.below(50) == 0 ? bits() : gaussian();
    case ValueKind::all_zero:
      return 0;
    case ValueKind::coded_and_raw_chunks:
      return index / 1500 % 2 == 1 ? bits() : gaussian();
  }
  return 0;
}

inline std::vector<std::uint16_t> draw_values(ValueKind kind, std::size_t count,
                                              std::uint64_t seed = 1) {
  RandomStream random(seed, "test values");
  std::vector<std::uint16_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = draw_value(kind, i, random);
  return values;
}

/// The same as bytes of a tensor of any dtype.
inline std::vector<std::byte> draw_tensor(DType dtype, ValueKind kind, std::size_t count,
                                          std::uint64_t seed = 1) {
  const auto values = draw_values(kind, count, seed);
  const auto bytes = std::as_bytes(std::span(values));
  if (dtype == DType::bf16) return {bytes.begin(), bytes.end()};
  std::vector<std::byte> tensor;
  const bool as_numbers = kind == ValueKind::gaussian || kind == ValueKind::gaussian_with_strays;
  for (const std::uint16_t bits : values) {
    tensor.push_back(static_cast<std::byte>(as_numbers ? fp8_from_bf16(bits, dtype) : bits >> 3));
  }
  return tensor;
}

}  // namespace kvferry::codec
