// The JSON of a safetensors header, taken event by event: nothing is kept but the tensors, and what
// does not belong there is refused where it begins.
#pragma once

#include "codec/files/input_file.hpp"
#include "codec/files/tensor_file.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::codec {

/// A tensor as the header has it; offsets count from the end of the header.
struct SafetensorsEntry {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<std::vector<std::uint64_t>> shape;
  std::optional<std::vector<std::uint64_t>> data_offsets;
};

/// The events of nlohmann's parser; faults are thrown as InputError, so every event returns true.
class SafetensorsEvents {
 public:
  explicit SafetensorsEvents(const InputFile& file) : file_(file) {}

  std::vector<SafetensorsEntry> take_entries() { return std::move(entries_); }

  bool null() { return refuse_value("null"); }
  bool boolean(bool value) { return refuse_value(value ? "true" : "false"); }
  bool number_integer(nlohmann::json::number_integer_t value) {
    return refuse_value(std::to_string(value));
  }
  bool number_unsigned(nlohmann::json::number_unsigned_t value);
  bool number_float(nlohmann::json::number_float_t, const std::string& text) {
    return refuse_value(text);
  }
  bool string(std::string& text);
  bool binary(nlohmann::json::binary_t&) { return refuse_value("binary"); }
  bool start_object(std::size_t);
  bool key(std::string& name);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::json::exception& error);

 private:
  enum class Place : std::uint8_t { outside, top, tensor, shape, data_offsets, metadata };

  void tensor_key(const std::string& name);
  [[noreturn]] void refuse(const std::string& message) const;
  bool refuse_value(const std::string& found) const;

  const InputFile& file_;
  Place place_ = Place::outside;
  std::string key_;  ///< the one whose value comes next, within a tensor or the metadata
  bool metadata_is_next_ = false;
  std::vector<SafetensorsEntry> entries_;
};

}  // namespace kvferry::codec
