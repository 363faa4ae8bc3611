#include "codec/chunk_codec.hpp"

#include "codec/chunk_codec_avx2.hpp"
#include "codec/chunk_codec_avx512.hpp"
#include "codec/chunk_codec_scalar.hpp"

#include <algorithm>

namespace kvferry::codec {

std::string_view name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::scalar:
      return "scalar";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512:
      return "avx512";
  }
  return "unknown";
}

bool is_available(InstructionSet set) {
#if defined(KVFERRY_HAS_AVX_LOOPS)
  switch (set) {
    case InstructionSet::scalar:
      return true;
    case InstructionSet::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    case InstructionSet::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
             __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2") &&
             __builtin_cpu_supports("popcnt");
  }
#endif
  return set == InstructionSet::scalar;
}

InstructionSet best_instruction_set() {
  for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2}) {
    if (is_available(set)) return set;
  }
  return InstructionSet::scalar;
}

CodeTables code_tables(const Codebook& codebook) {
  CodeTables tables{};
  const auto exponents = codebook.exponents();
  for (std::size_t e = 0; e < tables.code_of.size(); ++e) {
    tables.code_of[e] = codebook.code_of(static_cast<std::uint8_t>(e));
  }
  std::copy(exponents.begin(), exponents.end(), tables.exponent_of.begin());
  tables.size = static_cast<std::uint8_t>(exponents.size());
  for (const std::uint8_t exponent : exponents) {
    tables.used_rows = static_cast<std::uint16_t>(tables.used_rows | 1U << exponent / 16);
  }
  return tables;
}

ChunkCodec chunk_codec(const FrameFormat& format, [[maybe_unused]] InstructionSet set) {
#if defined(KVFERRY_HAS_AVX_LOOPS)
  if (set == InstructionSet::avx512) return avx512_chunk_codec(format);
  if (set == InstructionSet::avx2) return avx2_chunk_codec(format);
#endif
  return scalar_chunk_codec(format);
}

}  // namespace kvferry::codec
