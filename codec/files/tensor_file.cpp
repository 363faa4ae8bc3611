#include "codec/files/tensor_file.hpp"

#include "codec/files/kvz_format.hpp"
#include "codec/files/npy.hpp"
#include "codec/files/safetensors.hpp"
#include "codec/format.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

namespace kvferry::codec {
namespace {

constexpr std::size_t kBytesLookedAt = 16;

std::string stem_of(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

bool has_extension(const InputFile& file, std::string_view extension) {
  return file.path().ends_with(extension);
}

template <std::size_t kSize>
bool starts_with(std::span<const std::byte> bytes, const std::array<std::uint8_t, kSize>& magic) {
  return bytes.size() >= kSize && std::memcmp(bytes.data(), magic.data(), kSize) == 0;
}

// Files that people hand over by mistake.
std::optional<std::string_view> foreign_content(std::span<const std::byte> first) {
  if (starts_with(first, kKvzMagic)) return "a .kvz file, which is encoded already";
  if (starts_with(first, kFrameMagic)) return "a single SplitZip frame, which is encoded already";
  const std::string_view text = as_text(first);
  if (text.starts_with("PK\x03\x04")) return "a zip archive (.npz, .pt or .bin); unpack it first";
  if (text.starts_with("version https:")) return "a Git-LFS pointer, not the file it stands for";
  if (text.starts_with("GGUF")) return "a GGUF file, which is not supported";
  return std::nullopt;
}

TensorFile raw_tensor(const InputFile& file, DType dtype) {
  const std::uint64_t width = bytes_per_value(dtype);
  if (file.size() % width != 0) {
    file.refuse(std::to_string(file.size()) + " bytes are not whole " +
                std::string(name_of(dtype)) + " values of " + std::to_string(width) + " bytes");
  }
  TensorInfo tensor{
      stem_of(file.path()), std::string(safetensors_name(dtype)), dtype, {file.size() / width}, 0,
      file.size()};
  return {FileFormat::raw, {std::move(tensor)}};
}

}  // namespace

std::string_view name_of(FileFormat format) {
  switch (format) {
    case FileFormat::safetensors:
      return "safetensors";
    case FileFormat::npy:
      return "npy";
    case FileFormat::raw:
      return "raw";
  }
  return "unknown";
}

TensorFile list_tensors(const InputFile& file, std::optional<DType> dtype) {
  const auto first = file.read(0, std::min<std::uint64_t>(kBytesLookedAt, file.size()));
  if (has_extension(file, ".safetensors") || (!dtype && looks_like_safetensors(first))) {
    if (dtype) file.refuse("a safetensors file says its types itself; leave out the dtype");
    return {FileFormat::safetensors, read_safetensors_header(file)};
  }
  if (has_extension(file, ".npy") || looks_like_npy(first)) {
    return {FileFormat::npy, {read_npy_header(file, stem_of(file.path()), dtype)}};
  }
  if (const auto foreign = foreign_content(first)) file.refuse("this is " + std::string(*foreign));
  if (!dtype) {
    file.refuse(
        "neither a safetensors nor a .npy file; for raw values say their dtype: --dtype bf16, "
        "e5m2 or e4m3");
  }
  return raw_tensor(file, *dtype);
}

std::string_view safetensors_name(DType dtype) {
  return dtype == DType::bf16 ? "BF16" : dtype == DType::e5m2 ? "F8_E5M2" : "F8_E4M3";
}

std::optional<DType> dtype_of_safetensors_name(std::string_view name) {
  for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
    if (name == safetensors_name(dtype)) return dtype;
  }
  return std::nullopt;
}

std::string quoted_name(std::string_view name) {
  std::size_t length = std::min<std::size_t>(name.size(), 100);
  const auto continues = [&](std::size_t i) {  // the middle of a UTF-8 character
    return i < name.size() && (static_cast<unsigned char>(name[i]) & 0xc0U) == 0x80U;
  };
  while (length > 0 && continues(length)) --length;
  std::string text;
  for (const char c : name.substr(0, length)) {
    const auto code = static_cast<unsigned char>(c);
    text += code < 0x20 || code == 0x7f ? '?' : c;
  }
  return "'" + text + (length < name.size() ? "...'" : "'");
}

std::optional<std::uint64_t> value_count(std::span<const std::uint64_t> shape) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 63;
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
  std::uint64_t count = 1;
  for (const std::uint64_t dimension : shape) {
    if (dimension > kLargest / count) return std::nullopt;
    count *= dimension;
  }
  return count;
}

}  // namespace kvferry::codec
