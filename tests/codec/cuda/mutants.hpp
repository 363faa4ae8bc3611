// The kernels with one fault each; mutants.cmake makes them.
#pragma once

#include "tests/codec/cuda/emulated_kernels.hpp"

#include <string>
#include <vector>

namespace kvferry::codec::cuda {

struct Mutant {
  std::string name;
  Kernels positional;  ///< of BF16, 4-bit positional
  Kernels sentinel;    ///< of BF16, 3-bit sentinel
};

/// The first one has no fault.
const std::vector<Mutant>& mutants();

}  // namespace kvferry::codec::cuda
