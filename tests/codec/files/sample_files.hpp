// Files of tensors built in memory, for tests.
#pragma once

#include "codec/files/input_file.hpp"
#include "codec/number_format.hpp"
#include "sim/base/error.hpp"
#include "tests/codec/value_kinds.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::codec {

using FileBytes = std::vector<std::byte>;

inline void append(FileBytes& file, std::span<const std::byte> bytes) {
  file.insert(file.end(), bytes.begin(), bytes.end());
}
inline void append(FileBytes& file, std::string_view text) {
  append(file, std::as_bytes(std::span(text)));
}
template <typename Number>
void append_number(FileBytes& file, Number number) {
  append(file, std::as_bytes(std::span(&number, 1)));
}

inline FileBytes safetensors_file(std::string_view header, std::span<const std::byte> values = {}) {
  FileBytes file;
  append_number<std::uint64_t>(file, header.size());
  append(file, header);
  append(file, values);
  return file;
}

inline FileBytes npy_file(unsigned version, std::string_view dictionary,
                          std::span<const std::byte> values = {}) {
  FileBytes file;
  append(file, "\x93NUMPY");
  file.push_back(static_cast<std::byte>(version));
  file.push_back(std::byte{0});
  if (version == 1) {
    append_number(file, static_cast<std::uint16_t>(dictionary.size()));
  } else {
    append_number(file, static_cast<std::uint32_t>(dictionary.size()));
  }
  append(file, dictionary);
  append(file, values);
  return file;
}

/// BF16 and FP8 values, F32, an empty tensor, metadata, blanks behind the JSON, names in another
/// order than their values, and a gap of three bytes before the last tensor and one behind it.
inline FileBytes mixed_safetensors(std::size_t bf16_values = 10'000) {
  const auto key = draw_tensor(DType::bf16, ValueKind::gaussian_with_strays, bf16_values);
  const auto value = draw_tensor(DType::e5m2, ValueKind::gaussian, bf16_values + 1);
  const auto other = draw_tensor(DType::e4m3, ValueKind::gaussian, bf16_values / 2 + 1);
  FileBytes values = key;
  append(values, value);
  append(values, other);
  const std::size_t floats_at = values.size();
  append(values, std::string(40, 'f'));
  append(values, "gap");
  const std::size_t last_at = values.size();
  append(values, draw_tensor(DType::bf16, ValueKind::random_bits, 9));
  const std::size_t last_end = values.size();
  append(values, ".");
  const auto entry = [](const char* name, const char* dtype, std::size_t count, std::size_t begin,
                        std::size_t end) {
    return "\"" + std::string(name) + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" +
           std::to_string(count) + ",1],\"data_offsets\":[" + std::to_string(begin) + "," +
           std::to_string(end) + "]}";
  };
  const std::size_t a = key.size();
  const std::size_t b = a + value.size();
  std::string header = "{" + entry("scales", "F32", 10, floats_at, floats_at + 40) + "," +
                       entry("layers.0.v", "F8_E5M2", value.size(), a, b) +
                       ",\"__metadata__\":{\"format\":\"pt\",\"note\":\"{[\"}," +
                       entry("layers.1.k", "F8_E4M3", other.size(), b, b + other.size()) + "," +
                       entry("nothing", "BF16", 0, a, a) + "," +
                       entry("layers.0.k", "BF16", bf16_values, 0, a) + "," +
                       entry("z\\u00fc", "BF16", 9, last_at, last_end) + "}     ";
  return safetensors_file(header, values);
}

/// What() of the InputError that the action throws, or nothing.
inline std::string input_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

}  // namespace kvferry::codec
