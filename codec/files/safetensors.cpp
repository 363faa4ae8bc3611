#include "codec/files/safetensors.hpp"

#include "codec/files/safetensors_events.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace kvferry::codec {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // as in the reference implementation

struct TypeWidth {
  std::string_view name;
  std::uint64_t bits;
};
constexpr std::array<TypeWidth, 22> kTypeWidths{
    {{"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
     {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
     {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
     {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
     {"I64", 64},        {"U64", 64}}};

// 0 for a type that this list does not know; its size is then taken as it is.
std::uint64_t bits_of(std::string_view dtype) {
  for (const TypeWidth& type : kTypeWidths) {
    if (type.name == dtype) return type.bits;
  }
  return 0;
}

class HeaderReader {
 public:
  explicit HeaderReader(const InputFile& file) : file_(file) {}

  std::vector<TensorInfo> read() {
    const auto text = header_text();
    values_begin_ = kLengthBytes + text.size();
    SafetensorsEvents events(file_);
    nlohmann::json::sax_parse(as_text(text), &events);
    std::vector<TensorInfo> tensors;
    for (SafetensorsEntry& entry : events.take_entries()) {
      tensors.push_back(tensor_of(std::move(entry)));
    }
    check_names(tensors);
    // Empty tensors come before the one that begins at the same place.
    std::stable_sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
      return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
    });
    check_places(tensors);
    return tensors;
  }

 private:
  std::vector<std::byte> header_text() const {
    if (file_.size() < kLengthBytes) {
      file_.refuse("a safetensors file begins with 8 bytes of length; this one has " +
                   std::to_string(file_.size()));
    }
    std::uint64_t length = 0;
    std::memcpy(&length, file_.read(0, kLengthBytes).data(), kLengthBytes);
    if (length > file_.size() - kLengthBytes) {
      file_.refuse("the safetensors header should have " + std::to_string(length) +
                   " bytes, but the file ends after " +
                   std::to_string(file_.size() - kLengthBytes) +
                   ": it is truncated, or not a safetensors file");
    }
    if (length > kLongestHeader) {
      file_.refuse("the safetensors header has " + std::to_string(length) +
                   " bytes; the limit is 100000000");
    }
    auto text = file_.read(kLengthBytes, length);
    if (text.empty() || text.front() != std::byte{'{'}) {
      file_.refuse("the safetensors header does not begin with '{'");
    }
    return text;
  }

  [[noreturn]] void refuse(const std::string& tensor, const std::string& message) const {
    file_.refuse("tensor " + quoted_name(tensor) + ": " + message);
  }

  TensorInfo tensor_of(SafetensorsEntry entry) const {
    const auto require = [&](bool present, const char* key) {
      if (!present) refuse(entry.name, "the key '" + std::string(key) + "' is missing");
    };
    require(entry.dtype.has_value(), "dtype");
    require(entry.shape.has_value(), "shape");
    require(entry.data_offsets.has_value(), "data_offsets");
    const std::uint64_t begin = (*entry.data_offsets)[0];
    const std::uint64_t end = (*entry.data_offsets)[1];
    const std::uint64_t available = file_.size() - values_begin_;
    if (begin > end || end > available) {
      refuse(entry.name, "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) +
                             "] do not fit the " + std::to_string(available) +
                             " bytes behind the header");
    }
    if (entry.dtype->empty() || entry.dtype->size() > kMaxDtypeNameBytes) {
      refuse(entry.name, "the dtype " + quoted_name(*entry.dtype) + " is not the name of a type");
    }
    check_size(entry, end - begin);
    const auto dtype = dtype_of_safetensors_name(*entry.dtype);
    return {std::move(entry.name),   std::move(*entry.dtype), dtype,
            std::move(*entry.shape), values_begin_ + begin,   end - begin};
  }

  void check_size(const SafetensorsEntry& entry, std::uint64_t bytes) const {
    const std::uint64_t bits = bits_of(*entry.dtype);
    if (bits == 0) return;
    const auto count = value_count(*entry.shape);
    const bool fits = count && *count <= ~std::uint64_t{0} / bits && *count * bits % 8 == 0 &&
                      *count * bits / 8 == bytes;
    if (!fits) {
      refuse(entry.name, "its shape and dtype " + *entry.dtype + " do not give the " +
                             std::to_string(bytes) + " bytes of its data_offsets");
    }
  }

  void check_names(const std::vector<TensorInfo>& tensors) const {
    std::set<std::string_view> names;
    for (const TensorInfo& tensor : tensors) {
      if (!names.insert(tensor.name).second) refuse(tensor.name, "the name is there twice");
    }
  }

  void check_places(const std::vector<TensorInfo>& tensors) const {
    std::uint64_t end = values_begin_;
    for (const TensorInfo& tensor : tensors) {
      if (tensor.offset < end) refuse(tensor.name, "it overlaps the tensor before it");
      end = tensor.offset + tensor.bytes;
    }
  }

  const InputFile& file_;
  std::uint64_t values_begin_ = 0;
};

}  // namespace

bool looks_like_safetensors(std::span<const std::byte> first_bytes) {
  return first_bytes.size() > kLengthBytes && first_bytes[kLengthBytes] == std::byte{'{'} &&
         first_bytes[kLengthBytes - 1] == std::byte{0};
}

std::vector<TensorInfo> read_safetensors_header(const InputFile& file) {
  return HeaderReader(file).read();
}

}  // namespace kvferry::codec
