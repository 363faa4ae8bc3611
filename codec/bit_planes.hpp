// Numbers of 1, 2, 4 or 8 bits in a row of bytes: number i of width w has the bits i w ... i w + w
// - 1, bit 0 of a byte being the lowest.
#pragma once

#include "codec/host_device.hpp"

#include <cstddef>
#include <cstdint>

namespace kvferry::codec {

/// The bits must be zero before. @param number below 2^width
KVFERRY_HOST_DEVICE inline void put_bits(std::byte* plane, unsigned width, std::uint64_t index,
                                         unsigned number) {
  const std::uint64_t bit = index * width;
  plane[bit / 8] |= static_cast<std::byte>(number << bit % 8);
}

KVFERRY_HOST_DEVICE inline unsigned get_bits(const std::byte* plane, unsigned width,
                                             std::uint64_t index) {
  const std::uint64_t bit = index * width;
  return static_cast<unsigned>(plane[bit / 8]) >> bit % 8 & ((1U << width) - 1);
}

}  // namespace kvferry::codec
