// The header of a safetensors file: 8 bytes with its length, little-endian; a JSON object from
// names to {dtype, shape, data_offsets}, possibly with "__metadata__" and padded with blanks; then
// the values. https://github.com/huggingface/safetensors
// Bytes that belong to no tensor are accepted here (that implementation refuses them): some writers
// align tensors, and a lossless codec can keep such bytes as they are.
#pragma once

#include "codec/files/input_file.hpp"
#include "codec/files/tensor_file.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace kvferry::codec {

/// Whether the first 9 bytes could be those of a safetensors file.
bool looks_like_safetensors(std::span<const std::byte> first_bytes);

/// The tensors by offset. Types it does not know are taken as they are.
/// @throws InputError naming the tensor and what is wrong
std::vector<TensorInfo> read_safetensors_header(const InputFile& file);

}  // namespace kvferry::codec
