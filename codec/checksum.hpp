// The checksum of a chunk: the sum over its 4-byte words w_j of w_j (j K | 1), modulo 2^32, with K
// = 0x9e3779b1 and j counted from the frame's first word; the last word is padded with zeros. Every
// factor is odd, so any change of a single word, and thus of a single bit, changes the sum; chunks
// in the wrong place are noticed because j goes on.
#pragma once

#include "codec/host_device.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace kvferry::codec {

inline constexpr std::uint32_t kChecksumFactor = 0x9e3779b1;

KVFERRY_HOST_DEVICE constexpr std::uint32_t checksum_factor(std::uint32_t word_index) {
  return word_index * kChecksumFactor | 1U;
}

/// @param first_word index of the chunk's first word in the frame
inline std::uint32_t chunk_checksum(std::span<const std::byte> values, std::uint64_t first_word) {
  std::uint32_t sum = 0;
  auto index = static_cast<std::uint32_t>(first_word);
  std::size_t offset = 0;
  for (; offset + 4 <= values.size(); offset += 4, ++index) {
    std::uint32_t word = 0;
    std::memcpy(&word, values.data() + offset, 4);
    sum += word * checksum_factor(index);
  }
  if (offset < values.size()) {
    std::uint32_t word = 0;
    std::memcpy(&word, values.data() + offset, values.size() - offset);
    sum += word * checksum_factor(index);
  }
  return sum;
}

}  // namespace kvferry::codec
