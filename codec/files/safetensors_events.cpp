#include "codec/files/safetensors_events.hpp"

#include "sim/base/nearest_name.hpp"

#include <array>

namespace kvferry::codec {
namespace {

const std::array<std::string, 3> kTensorKeys{"dtype", "shape", "data_offsets"};

}  // namespace

bool SafetensorsEvents::start_object(std::size_t) {
  switch (place_) {
    case Place::outside:
      place_ = Place::top;
      return true;
    case Place::top:
      place_ = metadata_is_next_ ? Place::metadata : Place::tensor;
      return true;
    default:
      return refuse_value("an object");
  }
}

bool SafetensorsEvents::key(std::string& name) {
  key_ = name;
  if (place_ == Place::tensor) tensor_key(name);
  if (place_ != Place::top) return true;
  metadata_is_next_ = name == "__metadata__";
  if (!metadata_is_next_) entries_.push_back({name, {}, {}, {}});
  return true;
}

void SafetensorsEvents::tensor_key(const std::string& name) {
  SafetensorsEntry& entry = entries_.back();
  const bool known = name == kTensorKeys[0] || name == kTensorKeys[1] || name == kTensorKeys[2];
  if (!known) {
    refuse("unknown key " + quoted_name(name) + did_you_mean(name, kTensorKeys) +
           "; keys: " + join_names(kTensorKeys));
  }
  const bool repeated = (name == "dtype" && entry.dtype) || (name == "shape" && entry.shape) ||
                        (name == "data_offsets" && entry.data_offsets);
  if (repeated) refuse("the key '" + name + "' is there twice");
}

bool SafetensorsEvents::end_object() {
  place_ = place_ == Place::top ? Place::outside : Place::top;
  return true;
}

bool SafetensorsEvents::start_array(std::size_t) {
  if (place_ != Place::tensor || key_ == "dtype") return refuse_value("an array");
  SafetensorsEntry& entry = entries_.back();
  const bool is_shape = key_ == "shape";
  (is_shape ? entry.shape : entry.data_offsets).emplace();
  place_ = is_shape ? Place::shape : Place::data_offsets;
  return true;
}

bool SafetensorsEvents::end_array() {
  if (place_ == Place::data_offsets && entries_.back().data_offsets->size() != 2) {
    refuse("'data_offsets': expected a begin and an end");
  }
  place_ = Place::tensor;
  return true;
}

bool SafetensorsEvents::number_unsigned(nlohmann::json::number_unsigned_t value) {
  if (place_ != Place::shape && place_ != Place::data_offsets) {
    return refuse_value(std::to_string(value));
  }
  SafetensorsEntry& entry = entries_.back();
  std::vector<std::uint64_t>& numbers = place_ == Place::shape ? *entry.shape : *entry.data_offsets;
  const std::size_t most = place_ == Place::shape ? kMaxRank : 2;
  if (numbers.size() == most) {
    refuse("'" + key_ + "': more than " + std::to_string(most) + " numbers");
  }
  numbers.push_back(value);
  return true;
}

bool SafetensorsEvents::string(std::string& text) {
  if (place_ == Place::metadata) return true;
  if (place_ != Place::tensor || key_ != "dtype") return refuse_value(quoted_name(text));
  entries_.back().dtype = text;
  return true;
}

bool SafetensorsEvents::parse_error(std::size_t position, const std::string&,
                                    const nlohmann::json::exception&) {
  constexpr std::size_t kLengthBytes = 8;
  file_.refuse("the safetensors header is not valid JSON at byte " +
               std::to_string(kLengthBytes + (position > 0 ? position - 1 : 0)));
}

bool SafetensorsEvents::refuse_value(const std::string& found) const {
  switch (place_) {
    case Place::outside:
      file_.refuse("the safetensors header is not a JSON object");
    case Place::top:
      refuse("expected an object, found " + found);
    case Place::metadata:
      file_.refuse("the safetensors header: '__metadata__': key " + quoted_name(key_) +
                   ": expected a string, found " + found);
    case Place::tensor:
      refuse("'" + key_ + "': expected " +
             (key_ == "dtype" ? "a string" : "an array of whole numbers of at least 0") +
             ", found " + found);
    case Place::shape:
    case Place::data_offsets:
      break;
  }
  refuse("'" + key_ + "': expected whole numbers of at least 0, found " + found);
}

void SafetensorsEvents::refuse(const std::string& message) const {
  const std::string name = metadata_is_next_ ? "__metadata__" : entries_.back().name;
  file_.refuse("the safetensors header: tensor " + quoted_name(name) + ": " + message);
}

}  // namespace kvferry::codec
