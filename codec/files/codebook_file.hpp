// Codebooks as a JSON file, one entry per line:
//   {"kvferry_codebooks": 1, "files": ["cache.safetensors"], "codebooks": [
//     {"layer": 0, "kind": "K", "dtype": "bf16", "code_bits": 3, "escape_mode": "sentinel",
//      "exponents": [124, 125, 126, 127, 128, 129, 130], ...}, ...]}
// Tensors whose names tell no layer and kind have {"tensor": "name"} instead. The other keys of an
// entry (values, entropy_bits, ...) are for people; reading ignores them.
#pragma once

#include "codec/files/calibration.hpp"
#include "codec/files/input_file.hpp"
#include "codec/files/tensor_coding.hpp"

#include <string>
#include <vector>

namespace kvferry::codec {

/// @param files what it was calibrated on, in words
std::string codebook_file_text(const Calibration& calibration,
                               const std::vector<std::string>& files);

/// @throws InputError naming file, entry and key
TensorCodings read_codebook_file(const InputFile& file);

}  // namespace kvferry::codec
