// The SplitZip frame, version 1, as bytes: FORMAT.md says what they mean, this header obeys it.
// Little-endian. One frame holds one tensor. Every offset follows from the format, the chunk size
// and the count of values, so a frame contains no offset that could point astray.
#pragma once

#include "codec/host_device.hpp"
#include "codec/number_format.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
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
inline constexpr std::size_t kMaxChunkValues = std::size_t{1} << kMaxChunkLog2;

enum class EscapeMode : std::uint8_t {
  positional = 0,  ///< an escape is listed with its position; its code is 0
  sentinel = 1,    ///< an escape's code is the highest one, which then names no exponent
};
enum class ChecksumKind : std::uint8_t { none = 0, per_chunk = 1 };

/// What decides the shape of a frame beside the count of values.
struct FrameFormat {
  DType dtype = DType::bf16;
  std::uint8_t code_bits = 4;  ///< 4, or 3 in sentinel mode
  EscapeMode mode = EscapeMode::positional;
  ChecksumKind checksum = ChecksumKind::none;
  std::uint8_t chunk_log2 = kDefaultChunkLog2;  ///< kMinChunkLog2 ... kMaxChunkLog2
  bool operator==(const FrameFormat&) const = default;
};

constexpr bool is_supported(const FrameFormat& format) {
  const bool known =
      format.dtype == DType::bf16 || format.dtype == DType::e5m2 || format.dtype == DType::e4m3;
  const bool codes =
      format.code_bits == 4 || (format.code_bits == 3 && format.mode == EscapeMode::sentinel);
  return known && codes &&
         (format.mode == EscapeMode::positional || format.mode == EscapeMode::sentinel) &&
         (format.checksum == ChecksumKind::none || format.checksum == ChecksumKind::per_chunk) &&
         format.chunk_log2 >= kMinChunkLog2 && format.chunk_log2 <= kMaxChunkLog2;
}

/// Exponents that can have a code.
constexpr std::size_t max_codebook_size(const FrameFormat& format) {
  const std::size_t codes = std::size_t{1} << format.code_bits;
  return format.mode == EscapeMode::sentinel ? codes - 1 : codes;
}

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
  checksum_mismatch,
  output_too_small,
};
std::string_view text_of(FrameFault fault);

/// Numbers of a few bits each, stored apart in planes whose widths are powers of two: the low
/// `low_bits` of each number in one plane, the next `high_bits` in another. Number i of a plane of
/// width w has the bits i w ... i w + w - 1.
struct BitSplit {
  std::uint8_t low_bits;
  std::uint8_t high_bits;  ///< 0: there is one plane, or none
};
KVFERRY_HOST_DEVICE constexpr BitSplit sign_mantissa_split(DType dtype) {
  return dtype == DType::bf16   ? BitSplit{8, 0}
         : dtype == DType::e5m2 ? BitSplit{2, 1}
                                : BitSplit{4, 0};
}
KVFERRY_HOST_DEVICE constexpr BitSplit code_split(const FrameFormat& format) {
  return format.code_bits == 4 ? BitSplit{4, 0} : BitSplit{2, 1};
}
/// The exponent bits that the code planes of a raw chunk do not hold; they are its record.
KVFERRY_HOST_DEVICE constexpr BitSplit raw_split(const FrameFormat& format) {
  const int bits = exponent_bits(format.dtype) - format.code_bits;
  return bits == 5 ? BitSplit{4, 1} : BitSplit{static_cast<std::uint8_t>(bits), 0};
}

/// Bytes of a plane of `count` numbers.
KVFERRY_HOST_DEVICE constexpr std::uint64_t plane_bytes(std::uint64_t count, std::uint64_t bits) {
  return (count * bits + 7) / 8;
}

/// Words of an escape record with `escapes` entries.
KVFERRY_HOST_DEVICE constexpr std::uint32_t coded_record_words(EscapeMode mode,
                                                               std::uint32_t escapes) {
  return mode == EscapeMode::sentinel ? (escapes + 3) / 4 : (3 * escapes + 3) / 4;
}

/// Words of a raw record: each of its planes padded to a word.
KVFERRY_HOST_DEVICE constexpr std::uint32_t raw_record_words(const FrameFormat& format,
                                                             std::uint32_t values) {
  const BitSplit split = raw_split(format);
  const auto words = [&](std::uint8_t bits) {
    return static_cast<std::uint32_t>((plane_bytes(values, bits) + 3) / 4);
  };
  return words(split.low_bits) + words(split.high_bits);
}

/// Raw is chosen only where it is strictly smaller, so that equal values give equal bytes.
KVFERRY_HOST_DEVICE constexpr bool is_raw_smaller(const FrameFormat& format, std::uint32_t values,
                                                  std::uint32_t escapes) {
  return raw_record_words(format, values) < coded_record_words(format.mode, escapes);
}
constexpr std::uint32_t record_words(const FrameFormat& format, std::uint32_t values,
                                     std::uint32_t escapes) {
  return is_raw_smaller(format, values, escapes) ? raw_record_words(format, values)
                                                 : coded_record_words(format.mode, escapes);
}

KVFERRY_HOST_DEVICE constexpr std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

/// Offsets of the low and the high plane; equal where there is no high one.
struct PlaneOffsets {
  std::uint64_t low;
  std::uint64_t high;
};

/// Where the sections of a frame lie; all in bytes from the start of the frame.
struct FrameLayout {
  FrameFormat format;
  std::uint64_t value_count;
  std::uint32_t chunk_count;
  std::uint64_t directory;
  std::uint64_t checksums;  ///< one word per chunk, or nothing
  PlaneOffsets sign_mantissa;
  PlaneOffsets codes;
  std::uint64_t escapes;  ///< the end of the part whose size is known before encoding

  std::uint64_t first_value(std::uint32_t chunk) const {
    return std::uint64_t{chunk} << format.chunk_log2;
  }
  /// All chunks but the last are full.
  std::uint32_t values_in_chunk(std::uint32_t chunk) const;
};

/// @pre is_supported(format), value_count <= kMaxValueCount
FrameLayout frame_layout(std::uint64_t value_count, const FrameFormat& format);

/// The largest frame that any values of this layout can give: what to allocate before encoding.
std::uint64_t frame_bound(const FrameLayout& layout);

/// murmur3 (32 bit) over the header's first 124 bytes.
std::uint32_t header_hash(const FrameHeader& header);

/// The header of a frame before encoding: all that is known by then, zeros from escape_bytes on.
/// @pre codebook.size() <= kMaxCodebookSize
FrameHeader frame_header(const FrameLayout& layout, std::span<const std::uint8_t> codebook,
                         std::uint64_t user_tag);

}  // namespace kvferry::codec
