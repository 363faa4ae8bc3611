// Mutated frames with a hash that fits.
#pragma once

#include "codec/format.hpp"

#include <cstddef>
#include <cstring>
#include <span>

namespace kvferry::fuzz {

/// False where there is no room for a header, or the hash was right already.
inline bool put_hash_right(std::span<std::byte> frame) {
  codec::FrameHeader header{};
  if (frame.size() < sizeof header) return false;
  std::memcpy(&header, frame.data(), sizeof header);
  const std::uint32_t hash = header_hash(header);
  if (header.hash == hash) return false;
  header.hash = hash;
  std::memcpy(frame.data(), &header, sizeof header);
  return true;
}

}  // namespace kvferry::fuzz
