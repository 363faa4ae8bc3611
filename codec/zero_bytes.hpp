// Padding and reserved bytes, which must be zero.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kvferry::codec {

inline bool all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

template <std::size_t kSize>
bool all_zero(const std::array<std::uint8_t, kSize>& bytes) {
  return all_zero(std::as_bytes(std::span(bytes)));
}

}  // namespace kvferry::codec
