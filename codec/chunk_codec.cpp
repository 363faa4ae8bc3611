#include "codec/chunk_codec.hpp"

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
  return tables;
}

ChunkCodec chunk_codec(const FrameFormat& format, InstructionSet) {
  return scalar_chunk_codec(format);
}

}  // namespace kvferry::codec
