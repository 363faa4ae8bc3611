// The header of a .npy file, versions 1.0 to 3.0: magic, version, length, and a Python dictionary
// with descr, fortran_order and shape.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include "codec/files/input_file.hpp"
#include "codec/files/tensor_file.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace kvferry::codec {

bool looks_like_npy(std::span<const std::byte> first_bytes);

/// NumPy has no BF16 or FP8 of its own. Accepted are the types under which ml_dtypes saves them
/// ('<V2', '<f1', '<V1', or its names), and whole numbers that hold the bits ('<u2', '|u1'); one
/// byte leaves open whether it is E5M2 or E4M3, and `dtype` must say so. The order of the
/// dimensions (C or Fortran) does not matter to the codec: the values are taken as they lie.
/// @throws InputError when the file is damaged or holds something else
TensorInfo read_npy_header(const InputFile& file, const std::string& name,
                           std::optional<DType> dtype);

}  // namespace kvferry::codec
