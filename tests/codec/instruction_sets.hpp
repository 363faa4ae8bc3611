// The instruction sets that can be compared on this processor.
#pragma once

#include "codec/chunk_codec.hpp"

#include <iostream>
#include <vector>

namespace kvferry::codec {

/// Scalar first; says aloud which ones this processor lacks.
inline std::vector<InstructionSet> available_instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const auto set : {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512}) {
    if (is_available(set)) {
      sets.push_back(set);
    } else {
      std::cout << "not tested, for lack of such a processor: " << name_of(set) << '\n';
    }
  }
  return sets;
}

}  // namespace kvferry::codec
