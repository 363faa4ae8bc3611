// The .kvz container, version 1, as bytes: codec/KVZ.md says what they mean, this header obeys it.
// Little-endian. Parts (SplitZip frames, or bytes as they are) first, the index behind them, a
// footer at the end, so that it can be written in one pass.
#pragma once

#include "codec/format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kvferry::codec {

inline constexpr std::array<std::uint8_t, 8> kKvzMagic{0x89, 'K', 'V', 'Z', 0x0d, 0x0a, 0x1a, 0x0a};
inline constexpr std::array<std::uint8_t, 8> kKvzFooterMagic{0x89, 'K', 'V', 'Z',
                                                             'E',  'N', 'D', 0x0a};
inline constexpr std::uint16_t kKvzVersion = 1;
/// Parts and the index start at multiples of this from the start of the file.
inline constexpr std::uint64_t kKvzAlignment = kSectionAlignment;
/// Bounds a decoder's memory: no part stands for more bytes of the source.
inline constexpr std::uint64_t kMaxPartSourceBytes = std::uint64_t{1} << 27;

struct KvzHeader {
  std::array<std::uint8_t, 8> magic;
  std::uint16_t version;
  std::uint16_t header_bytes;
  std::uint32_t flags;
  std::array<std::uint8_t, 40> reserved;
  std::uint64_t hash;  ///< of the bytes before it
};
static_assert(sizeof(KvzHeader) == 64);
static_assert(offsetof(KvzHeader, hash) == 56);

struct KvzFooter {
  std::array<std::uint8_t, 8> magic;
  std::uint64_t index_offset;
  std::uint64_t index_bytes;
  std::uint64_t index_hash;
  std::uint64_t file_bytes;
  std::array<std::uint8_t, 16> reserved;
  std::uint64_t hash;  ///< of the bytes before it
};
static_assert(sizeof(KvzFooter) == 64);
static_assert(offsetof(KvzFooter, hash) == 56);

struct KvzIndexStart {
  std::uint8_t source_format;  ///< FileFormat
  std::array<std::uint8_t, 3> reserved;
  std::uint32_t section_count;
  std::uint64_t source_bytes;
};
static_assert(sizeof(KvzIndexStart) == 16);

enum class KvzSectionKind : std::uint8_t {
  plain = 0,   ///< bytes that belong to no tensor: the source's header, gaps
  tensor = 1,  ///< one tensor
};

/// Followed by the dimensions (8 bytes each), the dtype's name, the tensor's name, zeros up to a
/// multiple of 8, and the parts.
struct KvzSectionEntry {
  std::uint8_t kind;
  std::uint8_t rank;
  std::uint16_t dtype_bytes;
  std::uint32_t name_bytes;
  std::uint32_t part_count;
  std::uint32_t reserved;
  std::uint64_t source_bytes;
};
static_assert(sizeof(KvzSectionEntry) == 24);

enum class KvzStorage : std::uint8_t {
  verbatim = 0,  ///< the source's bytes
  frame = 1,     ///< a SplitZip frame of them
};

struct KvzPartEntry {
  std::uint8_t storage;
  std::array<std::uint8_t, 7> reserved;
  std::uint64_t offset;
  std::uint64_t stored_bytes;
  std::uint64_t source_bytes;
  std::uint64_t hash;  ///< of a verbatim part's bytes; 0 for frames, which have their own checks
};
static_assert(sizeof(KvzPartEntry) == 40);

/// FNV-1a, 64 bit.
std::uint64_t kvz_hash(std::span<const std::byte> bytes);

KvzHeader make_kvz_header();

/// The hash that belongs into the last field.
std::uint64_t hash_of(const KvzHeader& header);
std::uint64_t hash_of(const KvzFooter& footer);

}  // namespace kvferry::codec
