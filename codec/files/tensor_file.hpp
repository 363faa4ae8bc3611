// Files of tensors: what lies where in a safetensors file, a .npy file or a file of raw values.
//
// Only names, types and places are read; the values stay in the file until somebody asks for a
// slice of them (tensor_slices.hpp). No byte of the file belongs to two tensors; some belong to
// none, such as the header. A newcomer's first call:
//   const InputFile file("cache.safetensors");
//   const TensorFile contents = list_tensors(file, std::nullopt);
#pragma once

#include "codec/files/input_file.hpp"
#include "codec/number_format.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::codec {

/// The values are those of the .kvz container.
enum class FileFormat : std::uint8_t { safetensors = 1, npy = 2, raw = 3 };
std::string_view name_of(FileFormat format);

inline constexpr std::size_t kMaxRank = 64;
inline constexpr std::size_t kMaxDtypeNameBytes = 64;

struct TensorInfo {
  std::string name;            ///< of a .npy or raw file: the file's name without its extension
  std::string dtype_name;      ///< as safetensors spells it: BF16, F8_E5M2, F8_E4M3, F32, ...
  std::optional<DType> dtype;  ///< nothing where SplitZip has no frames for the type
  std::vector<std::uint64_t> shape;
  std::uint64_t offset = 0;  ///< of the first value, in bytes from the start of the file
  std::uint64_t bytes = 0;
};

struct TensorFile {
  FileFormat format = FileFormat::raw;
  std::vector<TensorInfo> tensors;  ///< by offset, without overlap
};

/// @param dtype of raw values, and of .npy files whose own type leaves it open
/// @throws InputError when the file is none of the three, or is damaged
TensorFile list_tensors(const InputFile& file, std::optional<DType> dtype);

/// How safetensors spells the types that SplitZip has frames for.
std::string_view safetensors_name(DType dtype);
std::optional<DType> dtype_of_safetensors_name(std::string_view name);

/// A name from a file, fit for a message: in single quotes, cut to 100 characters, without control
/// characters.
std::string quoted_name(std::string_view name);

/// The product of the dimensions, 1 of none; nothing when it exceeds 2^63.
std::optional<std::uint64_t> value_count(std::span<const std::uint64_t> shape);

}  // namespace kvferry::codec
