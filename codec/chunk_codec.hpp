// The inner loops of the codec: one chunk of values to planes and a list of escapes, and back. Each
// instruction set has its own implementation; all give the same bytes, and the scalar one is the
// reference.
//
// Chunks start at byte boundaries of every plane, because they hold a multiple of 1,024 values.
#pragma once

#include "codec/codebook.hpp"
#include "codec/format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kvferry::codec {

enum class InstructionSet : std::uint8_t { scalar, avx2, avx512 };
std::string_view name_of(InstructionSet set);

/// The most capable one that this processor and this build have.
InstructionSet best_instruction_set();
bool is_available(InstructionSet set);

/// A codebook as the inner loops want it.
struct CodeTables {
  std::array<std::uint8_t, 256> code_of;     ///< by exponent; Codebook::kEscape where there is none
  std::array<std::uint8_t, 16> exponent_of;  ///< by code; 0 where there is none
  std::uint8_t size;                         ///< codes that name an exponent
  std::uint16_t used_rows;  ///< bit r: there is a code among exponents 16 r ... 16 r + 15
};
CodeTables code_tables(const Codebook& codebook);

/// A pointer per plane, at the chunk's first value; `high` is null where there is no second plane.
template <typename Byte>
struct PlanePair {
  Byte* low;
  Byte* high;
};
template <typename Byte>
struct ChunkPlanes {
  PlanePair<Byte> sign_mantissa;
  PlanePair<Byte> codes;
};

/// Where the escapes of a chunk go. Both have room for the chunk's values and kSlack more, so that
/// vector stores may run over the end.
struct EscapeList {
  static constexpr std::size_t kSlack = 64;
  std::uint16_t* positions;  ///< positional mode only
  std::uint8_t* exponents;
  std::uint32_t count;
};

/// Values are read from `values` (count of them, unaligned); every byte of the planes' part is
/// written. Escapes are appended with their position counted from `first_position`.
struct EncodeJob {
  const std::byte* values;
  std::uint32_t count;
  std::uint32_t first_position;
  const CodeTables* tables;
  ChunkPlanes<std::byte> planes;
  EscapeList* escapes;
};

/// `escape_exponents` are those of the chunk in order, checked by are_escapes() (sentinel mode
/// only); the loop takes as many as it meets.
struct DecodeJob {
  ChunkPlanes<const std::byte> planes;
  std::uint32_t count;
  const CodeTables* tables;
  const std::uint8_t* escape_exponents;
  std::uint32_t escape_count;
  std::byte* values;
};

/// Positional mode: puts the escapes' exponents in the place of that of code 0. `record` holds the
/// positions (2 bytes each, unaligned), then the exponents, checked by are_escapes().
struct PatchJob {
  ChunkPlanes<const std::byte> planes;
  std::uint32_t count;
  const std::byte* record;
  std::uint32_t escape_count;
  std::byte* values;
};

/// The exponents of a raw chunk: their low bits go to the code planes, the others to `rest`. Every
/// byte of the planes' part is written.
struct RawEncodeJob {
  const std::byte* values;
  std::uint32_t count;
  PlanePair<std::byte> codes;
  PlanePair<std::byte> rest;
};
struct RawDecodeJob {
  ChunkPlanes<const std::byte> planes;
  PlanePair<const std::byte> rest;
  std::uint32_t count;
  std::byte* values;
};

/// The loops of one format. None touches a byte beyond what its job names, EscapeList::kSlack
/// aside.
struct ChunkCodec {
  void (*encode)(const EncodeJob&);
  /// False if a code names no exponent, or there are more or fewer sentinels than escapes.
  /// Positional: escapes come out as the exponent of code 0, for `patch`.
  bool (*decode)(const DecodeJob&);
  /// False if the positions are not ascending and below `count`, or an escape's code is not 0.
  bool (*patch)(const PatchJob&);
  void (*encode_raw)(const RawEncodeJob&);
  void (*decode_raw)(const RawDecodeJob&);
  /// Whether all these exponents are exponents of the format outside the codebook.
  bool (*are_escapes)(const CodeTables&, const std::uint8_t* exponents, std::uint32_t count);
  /// chunk_checksum() of so many bytes.
  std::uint32_t (*checksum)(const std::byte* values, std::size_t bytes, std::uint64_t first_word);
};

/// @pre is_supported(format), is_available(set)
ChunkCodec chunk_codec(const FrameFormat& format, InstructionSet set);

}  // namespace kvferry::codec
