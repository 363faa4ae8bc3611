// The dictionary in a .npy header, which is written as Python spells it:
//   {'descr': '<V2', 'fortran_order': False, 'shape': (3, 4), }
#pragma once

#include "codec/files/input_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::codec {

struct NpyDictionary {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// @param text the header without its length; blanks and a newline may follow the dictionary
/// @throws InputError with the byte at fault
NpyDictionary read_npy_dictionary(const InputFile& file, std::string_view text);

}  // namespace kvferry::codec
