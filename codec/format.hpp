// The SplitZip frame, version 1, as bytes: FORMAT.md says what they mean, this header obeys it.
// Little-endian. One frame holds one tensor. Every offset follows from (dtype, code width, chunk
// size, count), so a frame contains no offset that could point astray.
#pragma once

#include "codec/host_device.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kvferry::codec {

static_assert(std::endian::native == std::endian::little, "frames are read and written in place");

inline constexpr std::array<std::uint8_t, 8> kFrameMagic{0x89, 'S',  'Z',  'K',
                                                         'V',  0x0d, 0x0a, 0x1a};
inline constexpr std::uint16_t kFormatVersion = 1;
inline constexpr std::uint64_t kSectionAlignment = 128;
inline constexpr std::uint64_t kMaxValueCount = std::uint64_t{1} << 34;
inline constexpr std::size_t kMaxCodebookSize = 16;
inline constexpr std::uint8_t kMinChunkLog2 = 10;
inline constexpr std::uint8_t kMaxChunkLog2 = 15;
inline constexpr std::uint8_t kDefaultChunkLog2 = 13;

enum class DType : std::uint8_t { bf16 = 1 };
enum class EscapeMode : std::uint8_t { positional = 0 };

struct FrameHeader {
  std::array<std::uint8_t, 8> magic;
  std::uint16_t version;
  std::uint16_t header_bytes;
  std::uint8_t dtype;
  std::uint8_t code_bits;
  std::uint8_t chunk_log2;
  std::uint8_t escape_mode;
  std::uint64_t value_count;
  std::uint32_t chunk_count;
  std::uint32_t flags;
  std::array<std::uint8_t, kMaxCodebookSize> codebook;
  std::uint8_t codebook_size;
  std::uint8_t checksum_kind;
  std::array<std::uint8_t, 6> reserved_a;
  std::uint64_t user_tag;
  std::uint64_t static_bytes;
  std::array<std::uint8_t, 40> reserved_b;
  std::uint64_t escape_bytes;
  std::uint32_t status;
  std::uint32_t hash;
};
static_assert(sizeof(FrameHeader) == 128);
static_assert(offsetof(FrameHeader, value_count) == 16);
static_assert(offsetof(FrameHeader, codebook) == 32);
static_assert(offsetof(FrameHeader, user_tag) == 56);
static_assert(offsetof(FrameHeader, static_bytes) == 64);
static_assert(offsetof(FrameHeader, escape_bytes) == 112);
static_assert(offsetof(FrameHeader, hash) == 124);

/// One per chunk. A raw chunk has bit 0 of `flags` set and no escapes.
struct DirectoryEntry {
  std::uint32_t escape_word;  ///< where its record starts, in 4-byte words of the escape section
  std::uint16_t escape_count;
  std::uint8_t flags;
  std::uint8_t reserved;
};
static_assert(sizeof(DirectoryEntry) == 8);
inline constexpr std::uint8_t kRawChunk = 1;

/// Why a frame was refused. Each cause has its sentence in text_of().
enum class FrameFault : std::uint8_t {
  none,
  truncated,  ///< shorter than its header says, or than a header
  bad_magic,
  unsupported_version,
  header_hash_mismatch,
  invalid_field,
  incomplete,     ///< the encoder reported failure
  size_mismatch,  ///< the sections do not add up to the frame's length
  corrupt_directory,
  corrupt_escape_record,
  nonzero_padding,
  output_too_small,
};
std::string_view text_of(FrameFault fault);

/// Where the sections of a frame lie; all in bytes from the start of the frame.
struct FrameLayout {
  std::uint64_t value_count;
  std::uint8_t chunk_log2;
  std::uint32_t chunk_count;
  std::uint64_t directory;
  std::uint64_t sign_mantissa;
  std::uint64_t codes;
  std::uint64_t escapes;  ///< the end of the part whose size is known before encoding

  std::uint64_t chunk_values() const { return std::uint64_t{1} << chunk_log2; }
  /// Values in chunk `index`: all but the last are full.
  std::uint32_t values_in_chunk(std::uint32_t index) const;
};

KVFERRY_HOST_DEVICE constexpr std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

/// Words of a positional record: a 2-byte position and a 1-byte exponent per escape, padded to a
/// word.
KVFERRY_HOST_DEVICE constexpr std::uint32_t positional_record_words(std::uint32_t escapes) {
  return (3 * escapes + 3) / 4;
}

/// Words of a raw record: the high halves of all the chunk's exponents, two per byte, padded to a
/// word.
KVFERRY_HOST_DEVICE constexpr std::uint32_t raw_record_words(std::uint32_t values) {
  return ((values + 1) / 2 + 3) / 4;
}

/// Raw is chosen only where it is strictly smaller, so that equal input gives equal bytes.
KVFERRY_HOST_DEVICE constexpr bool is_raw_smaller(std::uint32_t values, std::uint32_t escapes) {
  return raw_record_words(values) < positional_record_words(escapes);
}

/// @param value_count at most kMaxValueCount  @param chunk_log2 kMinChunkLog2 ... kMaxChunkLog2
FrameLayout frame_layout(std::uint64_t value_count, std::uint8_t chunk_log2);

/// The largest frame that any values of this layout can give: what to allocate before encoding.
std::uint64_t frame_bound(const FrameLayout& layout);

/// murmur3 (32 bit) over the header's first 124 bytes.
std::uint32_t header_hash(const FrameHeader& header);

}  // namespace kvferry::codec
