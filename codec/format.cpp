#include "codec/format.hpp"

#include <algorithm>
#include <cstring>

namespace kvferry::codec {

std::string_view text_of(FrameFault fault) {
  switch (fault) {
    case FrameFault::none:
      return "the frame is intact";
    case FrameFault::truncated:
      return "the frame is truncated";
    case FrameFault::bad_magic:
      return "this is not a SplitZip frame";
    case FrameFault::unsupported_version:
      return "the frame's format version is not supported";
    case FrameFault::header_hash_mismatch:
      return "the frame's header is damaged";
    case FrameFault::invalid_field:
      return "a header field has a value the format does not allow";
    case FrameFault::incomplete:
      return "the encoder did not complete this frame";
    case FrameFault::size_mismatch:
      return "the sections do not add up to the frame's length";
    case FrameFault::corrupt_directory:
      return "the chunk directory is damaged";
    case FrameFault::corrupt_escape_record:
      return "an escape record is damaged";
    case FrameFault::nonzero_padding:
      return "padding that must be zero is not";
    case FrameFault::output_too_small:
      return "the output holds fewer values than the frame";
  }
  return "unknown fault";
}

std::uint32_t FrameLayout::values_in_chunk(std::uint32_t index) const {
  const std::uint64_t first = std::uint64_t{index} << chunk_log2;
  return static_cast<std::uint32_t>(std::min(chunk_values(), value_count - first));
}

FrameLayout frame_layout(std::uint64_t value_count, std::uint8_t chunk_log2) {
  FrameLayout layout{};
  layout.value_count = value_count;
  layout.chunk_log2 = chunk_log2;
  layout.chunk_count =
      static_cast<std::uint32_t>((value_count + layout.chunk_values() - 1) >> chunk_log2);
  layout.directory = sizeof(FrameHeader);
  layout.sign_mantissa =
      layout.directory + aligned(sizeof(DirectoryEntry) * std::uint64_t{layout.chunk_count});
  layout.codes = layout.sign_mantissa + aligned(value_count);
  layout.escapes = layout.codes + aligned((value_count + 1) / 2);
  return layout;
}

std::uint64_t frame_bound(const FrameLayout& layout) {
  if (layout.chunk_count == 0) return layout.escapes;
  const std::uint32_t last = layout.chunk_count - 1;
  const std::uint64_t words =
      std::uint64_t{last} * raw_record_words(static_cast<std::uint32_t>(layout.chunk_values())) +
      raw_record_words(layout.values_in_chunk(last));
  return layout.escapes + 4 * words;
}

std::uint32_t header_hash(const FrameHeader& header) {
  constexpr std::uint32_t kSeed = 0x535a4b56;  // "VKZS" in memory order
  constexpr std::size_t kHashedBytes = offsetof(FrameHeader, hash);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  std::uint32_t hash = kSeed;
  for (std::size_t i = 0; i < kHashedBytes; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes + i, 4);
    word *= 0xcc9e2d51U;
    word = std::rotl(word, 15) * 0x1b873593U;
    hash = std::rotl(hash ^ word, 13) * 5 + 0xe6546b64U;
  }
  hash ^= static_cast<std::uint32_t>(kHashedBytes);
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

}  // namespace kvferry::codec
