// murmur3 (32 bit) of a frame header, word by word, so that a device can finish what the host began.
#pragma once

#include "codec/host_device.hpp"

#include <cstdint>

namespace kvferry::codec {

inline constexpr std::uint32_t kHeaderHashSeed = 0x535a4b56;  // "VKZS" in memory order
inline constexpr std::uint32_t kHashedHeaderWords = 31;       // all but the hash itself

KVFERRY_HOST_DEVICE constexpr std::uint32_t rotated_left(std::uint32_t word, int bits) {
  return word << bits | word >> (32 - bits);
}

KVFERRY_HOST_DEVICE constexpr std::uint32_t hash_word(std::uint32_t hash, std::uint32_t word) {
  const std::uint32_t mixed = rotated_left(word * 0xcc9e2d51U, 15) * 0x1b873593U;
  return rotated_left(hash ^ mixed, 13) * 5 + 0xe6546b64U;
}

KVFERRY_HOST_DEVICE constexpr std::uint32_t finished_hash(std::uint32_t hash) {
  hash ^= 4 * kHashedHeaderWords;
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

}  // namespace kvferry::codec
