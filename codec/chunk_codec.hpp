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

/// Room for the escapes of one chunk, with slack so that vector stores may run over the end.
struct EscapeList {
  static constexpr std::size_t kSlack = 64;
  std::array<std::uint16_t, kMaxChunkValues + kSlack> positions;
  std::array<std::uint8_t, kMaxChunkValues + kSlack> exponents;
  std::uint32_t count = 0;
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

/// `escape_exponents` are those of the chunk in order (sentinel mode only); the loop takes as many
/// as it meets.
struct DecodeJob {
  ChunkPlanes<const std::byte> planes;
  std::uint32_t count;
  const CodeTables* tables;
  const std::uint8_t* escape_exponents;
  std::uint32_t escape_count;
  std::byte* values;
};

enum class DecodeVerdict : std::uint8_t {
  good,
  code_outside_codebook,
  wrong_escape_count,  ///< more or fewer sentinels than escapes (sentinel mode)
};

/// The loops of one format.
struct ChunkCodec {
  void (*encode)(const EncodeJob&);
  /// Positional: escapes come out as the exponent of code 0 and are patched by the caller.
  DecodeVerdict (*decode)(const DecodeJob&);
};

/// @pre is_supported(format), is_available(set). Falls back to a simpler set for formats that `set`
/// has no loop for.
ChunkCodec chunk_codec(const FrameFormat& format, InstructionSet set);

}  // namespace kvferry::codec
