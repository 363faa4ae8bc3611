// check_header() of splitzip.hpp for a receiver that knows what it expects, on words. Host and
// device code.
#pragma once

#include "codec/cuda/device_tasks.hpp"
#include "codec/format.hpp"
#include "codec/header_hash.hpp"

#include <cstdint>

namespace kvferry::codec::cuda {

/// Words of FrameHeader.
inline constexpr std::uint32_t kCodebookWord = offsetof(FrameHeader, codebook) / 4;
inline constexpr std::uint32_t kCodebookSizeWord = offsetof(FrameHeader, codebook_size) / 4;
inline constexpr std::uint32_t kUserTagWord = offsetof(FrameHeader, user_tag) / 4;
inline constexpr std::uint32_t kStatusWord = offsetof(FrameHeader, status) / 4;

/// The size is the word's lowest byte; checksum_kind and zeros follow.
KVFERRY_HOST_DEVICE constexpr std::uint32_t codebook_size(const std::uint32_t* header) {
  return header[kCodebookSizeWord] & 0xffU;
}
KVFERRY_HOST_DEVICE constexpr std::uint64_t escape_bytes(const std::uint32_t* header) {
  return header[kStaticHeaderWords] | std::uint64_t{header[kStaticHeaderWords + 1]} << 32;
}

/// What a frame's bytes are checked against.
struct HeaderExpectation {
  const std::uint32_t* static_words;  ///< as in DecodeTensor::header
  std::uint64_t escapes;              ///< offset of the escape section
  std::uint64_t largest_escape_bytes;
  std::uint64_t frame_bytes;  ///< at least sizeof(FrameHeader)
  std::uint32_t max_codebook;
  std::uint32_t exponent_count;  ///< of the dtype
};

/// Strictly ascending exponents of the dtype, zeros behind them.
KVFERRY_HOST_DEVICE constexpr bool is_valid_codebook(const std::uint32_t* header,
                                                     const HeaderExpectation& expected) {
  const std::uint32_t size = codebook_size(header);
  if (size < 1 || size > expected.max_codebook) return false;
  std::uint32_t least = 0;
  for (std::uint32_t i = 0; i < kMaxCodebookSize; ++i) {
    const std::uint32_t exponent = header[kCodebookWord + i / 4] >> 8 * (i % 4) & 0xffU;
    const bool good =
        i < size ? exponent >= least && exponent < expected.exponent_count : exponent == 0;
    if (!good) return false;
    least = exponent + 1;
  }
  return true;
}

KVFERRY_HOST_DEVICE constexpr bool has_expected_fields(const std::uint32_t* header,
                                                       const HeaderExpectation& expected) {
  bool same = true;
  for (std::uint32_t i = 3; i < kStaticHeaderWords; ++i) {
    const bool is_free =
        (i >= kCodebookWord && i < kCodebookSizeWord) || i == kUserTagWord || i == kUserTagWord + 1;
    const std::uint32_t mask = i == kCodebookSizeWord ? ~0xffU : ~0U;
    same = same && (is_free || ((header[i] ^ expected.static_words[i]) & mask) == 0);
  }
  return same && is_valid_codebook(header, expected);
}

KVFERRY_HOST_DEVICE constexpr FrameFault header_fault(const std::uint32_t* header,
                                                      const HeaderExpectation& expected) {
  const std::uint32_t* const known = expected.static_words;
  if (header[0] != known[0] || header[1] != known[1]) return FrameFault::bad_magic;
  if (header[2] != known[2]) return FrameFault::unsupported_version;
  std::uint32_t hash = kHeaderHashSeed;
  for (std::uint32_t i = 0; i < kHashedHeaderWords; ++i) hash = hash_word(hash, header[i]);
  if (finished_hash(hash) != header[kHashedHeaderWords]) return FrameFault::header_hash_mismatch;
  if (!has_expected_fields(header, expected)) return FrameFault::invalid_field;
  if (header[kStatusWord] != 0) return FrameFault::incomplete;
  const std::uint64_t escapes = escape_bytes(header);
  if (escapes % 4 != 0 || escapes > expected.largest_escape_bytes) return FrameFault::size_mismatch;
  const std::uint64_t size = expected.escapes + escapes;
  if (expected.frame_bytes < size) return FrameFault::truncated;
  return expected.frame_bytes == size ? FrameFault::none : FrameFault::size_mismatch;
}

}  // namespace kvferry::codec::cuda
