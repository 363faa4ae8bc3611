#include "codec/files/npy.hpp"

#include "codec/files/python_literals.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace kvferry::codec {
namespace {

constexpr std::string_view kMagic{"\x93NUMPY"};
constexpr std::size_t kPreambleBytes = 8;  // magic and version
constexpr std::uint64_t kLongestDictionary = 65'536;

/// What a descr says about the values.
enum class Bits : std::uint8_t { bf16, e5m2, e4m3, one_byte, unsupported };

Bits bits_of(std::string_view descr) {
  constexpr std::array<std::pair<std::string_view, Bits>, 13> kKnown{{{"<V2", Bits::bf16},
                                                                      {"|V2", Bits::bf16},
                                                                      {"<u2", Bits::bf16},
                                                                      {"bfloat16", Bits::bf16},
                                                                      {"<f1", Bits::e5m2},
                                                                      {"|f1", Bits::e5m2},
                                                                      {"float8_e5m2", Bits::e5m2},
                                                                      {"float8_e4m3fn", Bits::e4m3},
                                                                      {"float8_e4m3", Bits::e4m3},
                                                                      {"<V1", Bits::one_byte},
                                                                      {"|V1", Bits::one_byte},
                                                                      {"<u1", Bits::one_byte},
                                                                      {"|u1", Bits::one_byte}}};
  for (const auto& [name, bits] : kKnown) {
    if (name == descr) return bits;
  }
  return Bits::unsupported;
}

class NpyHeaderReader {
 public:
  NpyHeaderReader(const InputFile& file, std::optional<DType> dtype)
      : file_(file), given_dtype_(dtype) {}

  TensorInfo read(const std::string& name) {
    const auto text = dictionary_text();
    const NpyDictionary dictionary = read_npy_dictionary(file_, as_text(text));
    const DType dtype = dtype_of(dictionary.descr);
    check_size(dictionary.shape, dtype);
    const std::uint64_t bytes = file_.size() - offset_;
    return {name, std::string(safetensors_name(dtype)), dtype, dictionary.shape, offset_, bytes};
  }

 private:
  std::vector<std::byte> dictionary_text() {
    const auto preamble = take(kPreambleBytes);
    if (!looks_like_npy(preamble)) file_.refuse("this is not a .npy file: its first bytes differ");
    const auto major = std::to_integer<unsigned>(preamble[6]);
    const auto minor = std::to_integer<unsigned>(preamble[7]);
    if (major < 1 || major > 3 || minor != 0) {
      file_.refuse("version " + std::to_string(major) + "." + std::to_string(minor) +
                   " of the .npy format is not supported; supported: 1.0, 2.0, 3.0");
    }
    const auto length_bytes = take(major == 1 ? 2 : 4);
    std::uint32_t length = 0;
    std::memcpy(&length, length_bytes.data(), length_bytes.size());
    if (length > kLongestDictionary) {
      file_.refuse("the .npy header has " + std::to_string(length) + " bytes; the limit is " +
                   std::to_string(kLongestDictionary));
    }
    return take(length);
  }

  std::vector<std::byte> take(std::uint64_t count) {
    if (count > file_.size() - offset_) {
      file_.refuse("the .npy header is truncated: the file has " + std::to_string(file_.size()) +
                   " bytes");
    }
    auto bytes = file_.read(offset_, count);
    offset_ += count;
    return bytes;
  }

  DType dtype_of(const std::string& descr) const {
    const Bits bits = bits_of(descr);
    if (bits == Bits::unsupported) {
      file_.refuse("values of type " + quoted_name(descr) +
                   " are not supported; supported: BF16 bits as '<V2', '|V2', '<u2' or "
                   "'bfloat16', FP8 bits as '|V1', '|u1', '<f1', 'float8_e5m2' or 'float8_e4m3fn'");
    }
    if (bits == Bits::one_byte) {
      if (given_dtype_ && *given_dtype_ != DType::bf16) return *given_dtype_;
      file_.refuse("values of type " + quoted_name(descr) +
                   " may be E5M2 or E4M3: say which with --dtype e5m2 or --dtype e4m3");
    }
    const DType dtype = bits == Bits::bf16   ? DType::bf16
                        : bits == Bits::e5m2 ? DType::e5m2
                                             : DType::e4m3;
    if (given_dtype_ && *given_dtype_ != dtype) {
      file_.refuse("the file holds " + std::string(name_of(dtype)) + " values (" +
                   quoted_name(descr) + "), not " + std::string(name_of(*given_dtype_)));
    }
    return dtype;
  }

  void check_size(const std::vector<std::uint64_t>& shape, DType dtype) const {
    const auto count = value_count(shape);
    const std::uint64_t bytes = file_.size() - offset_;
    const std::uint64_t width = bytes_per_value(dtype);
    if (count && bytes % width == 0 && *count == bytes / width) return;
    const std::string expected = count ? std::to_string(*count) : "more than 2^63";
    file_.refuse("the shape asks for " + expected + " values of " + std::to_string(width) +
                 " bytes, but " + std::to_string(bytes) + " bytes follow the header");
  }

  const InputFile& file_;
  std::optional<DType> given_dtype_;
  std::uint64_t offset_ = 0;  // of what has not been taken
};

}  // namespace

bool looks_like_npy(std::span<const std::byte> first_bytes) {
  return as_text(first_bytes).starts_with(kMagic);
}

TensorInfo read_npy_header(const InputFile& file, const std::string& name,
                           std::optional<DType> dtype) {
  return NpyHeaderReader(file, dtype).read(name);
}

}  // namespace kvferry::codec
