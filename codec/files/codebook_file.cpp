#include "codec/files/codebook_file.hpp"

#include "sim/base/nearest_name.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <string_view>

namespace kvferry::codec {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kFileVersion = 1;
constexpr std::uint64_t kLargestFile = std::uint64_t{64} << 20;
constexpr int kLargestLayer = 999'999;

const std::vector<std::string> kFileKeys{"kvferry_codebooks", "files", "codebooks"};
const std::vector<std::string> kEntryKeys{"layer",          "kind",           "tensor",
                                          "dtype",          "code_bits",      "escape_mode",
                                          "exponents",      "values",         "entropy_bits",
                                          "top8_coverage",  "top16_coverage", "predicted_ratio",
                                          "achieved_ratio", "bound_ratio"};

std::string_view name_of(EscapeMode mode) {
  return mode == EscapeMode::sentinel ? "sentinel" : "positional";
}

ordered_json entry_json(const CodingKey& key, const GroupCalibration& group) {
  ordered_json entry;
  if (key.group.kv) {
    entry["layer"] = key.group.kv->layer;
    entry["kind"] = key.group.kv->kind == KvKind::key ? "K" : "V";
  } else {
    entry["tensor"] = key.group.name;
  }
  entry["dtype"] = name_of(key.dtype);
  entry["code_bits"] = group.coding.format.code_bits;
  entry["escape_mode"] = name_of(group.coding.format.mode);
  const auto exponents = group.coding.codebook.exponents();
  entry["exponents"] = std::vector<int>(exponents.begin(), exponents.end());
  const GroupRatios ratios = ratios_of(key, group);
  entry["values"] = group.values;
  entry["entropy_bits"] = exponent_entropy_bits(group.histogram);
  entry["top8_coverage"] = coverage(group.histogram, 8);
  entry["top16_coverage"] = coverage(group.histogram, 16);
  entry["predicted_ratio"] = ratios.predicted;
  entry["achieved_ratio"] = ratios.achieved;
  entry["bound_ratio"] = ratios.bound;
  return entry;
}

class CodebookFileReader {
 public:
  explicit CodebookFileReader(const InputFile& file) : file_(file) {}

  TensorCodings read() {
    const json document = parse();
    if (!document.is_object()) file_.refuse("expected a JSON object with the key 'codebooks'");
    check_keys(document, kFileKeys);
    if (required(document, "kvferry_codebooks") != kFileVersion) {
      refuse("kvferry_codebooks",
             "expected version 1, found " + shown(document["kvferry_codebooks"]));
    }
    const json& entries = required(document, "codebooks");
    if (!entries.is_array() || entries.empty()) {
      refuse("codebooks", "expected an array with at least one codebook, found " + shown(entries));
    }
    TensorCodings codings;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      place_ = "codebooks[" + std::to_string(i) + "]";
      auto [key, coding] = read_entry(entries[i]);
      const std::string label = key.group.label();
      if (!codings.emplace(std::move(key), std::move(coding)).second) {
        file_.refuse(place_ + ": a codebook for " + quoted_name(label) +
                     " of this dtype is there already");
      }
    }
    return codings;
  }

 private:
  json parse() const {
    if (file_.size() > kLargestFile) {
      file_.refuse("the file has " + std::to_string(file_.size()) +
                   " bytes; no codebook file has more than " + std::to_string(kLargestFile));
    }
    const auto bytes = file_.read(0, file_.size());
    // The parser would silently keep the last of two equal keys.
    std::vector<std::set<std::string>> open_objects;
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
      if (event == json::parse_event_t::object_start) open_objects.emplace_back();
      if (event == json::parse_event_t::object_end) open_objects.pop_back();
      if (event == json::parse_event_t::key &&
          !open_objects.back().insert(parsed.get<std::string>()).second) {
        file_.refuse("the key " + quoted_name(parsed.get<std::string>()) +
                     " is there twice in one object");
      }
      return true;
    };
    try {
      return json::parse(as_text(bytes), watch);
    } catch (const json::parse_error& error) {
      refuse_syntax(as_text(bytes).substr(0, error.byte));
    } catch (const json::out_of_range&) {
      file_.refuse("a number is too large");
    }
  }

  [[noreturn]] void refuse_syntax(std::string_view read_so_far) const {
    const auto line = 1 + std::count(read_so_far.begin(), read_so_far.end(), '\n');
    const auto line_begin = read_so_far.rfind('\n');
    const std::size_t column = line_begin == std::string_view::npos
                                   ? read_so_far.size()
                                   : read_so_far.size() - line_begin - 1;
    file_.refuse("not valid JSON at line " + std::to_string(line) + ", column " +
                 std::to_string(column));
  }

  std::pair<CodingKey, TensorCoding> read_entry(const json& entry) {
    if (!entry.is_object()) file_.refuse(place_ + ": expected an object, found " + shown(entry));
    check_keys(entry, kEntryKeys);
    const DType dtype = dtype_of(required(entry, "dtype"));
    FrameFormat format{dtype, 4, EscapeMode::positional};
    const std::string mode = one_of(entry, "escape_mode", {"positional", "sentinel"});
    if (mode == "sentinel") format.mode = EscapeMode::sentinel;
    format.code_bits = static_cast<std::uint8_t>(whole_number(entry, "code_bits", 3, 4));
    if (!is_supported(format)) {
      refuse("code_bits", "3-bit codes need the escape_mode 'sentinel'");
    }
    return {{group_of_entry(entry), dtype}, {format, codebook_of(entry, format)}};
  }

  TensorGroup group_of_entry(const json& entry) const {
    if (!entry.contains("tensor")) {
      const int layer = whole_number(entry, "layer", 0, kLargestLayer);
      const std::string kind = one_of(entry, "kind", {"K", "V"});
      return {KvTensorId{layer, kind == "K" ? KvKind::key : KvKind::value}, {}};
    }
    if (entry.contains("layer") || entry.contains("kind")) {
      refuse("tensor", "an entry has either 'tensor', or 'layer' and 'kind'");
    }
    if (!entry["tensor"].is_string()) {
      refuse("tensor", "expected a name, found " + shown(entry["tensor"]));
    }
    return {std::nullopt, entry["tensor"].get<std::string>()};
  }

  DType dtype_of(const json& value) const {
    for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
      if (value.is_string() && value.get<std::string>() == codec::name_of(dtype)) return dtype;
    }
    refuse("dtype", "expected bf16, e5m2 or e4m3, found " + shown(value));
  }

  Codebook codebook_of(const json& entry, const FrameFormat& format) const {
    const json& values = required(entry, "exponents");
    const int most = static_cast<int>(max_codebook_size(format));
    if (!values.is_array() || values.empty() || values.size() > max_codebook_size(format)) {
      refuse("exponents", "expected an array of 1 to " + std::to_string(most) +
                              " exponents, found " +
                              (values.is_array() ? std::to_string(values.size()) : shown(values)));
    }
    const int largest = (1 << exponent_bits(format.dtype)) - 1;
    std::vector<std::uint8_t> exponents;
    for (const json& value : values) {
      const bool fits = value.is_number_integer() && value >= 0 && value <= largest;
      if (!fits) {
        refuse("exponents", "expected whole numbers from 0 to " + std::to_string(largest) +
                                ", found " + shown(value));
      }
      const auto exponent = value.get<std::uint8_t>();
      if (!exponents.empty() && exponent <= exponents.back()) {
        refuse("exponents", "expected ascending numbers, found " + std::to_string(exponent) +
                                " behind " + std::to_string(exponents.back()));
      }
      exponents.push_back(exponent);
    }
    return Codebook(exponents);
  }

  void check_keys(const json& object, const std::vector<std::string>& known) const {
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      file_.refuse((place_.empty() ? "" : place_ + ": ") + "unknown key " + quoted_name(key) +
                   did_you_mean(key, known) + "; keys: " + join_names(known));
    }
  }

  const json& required(const json& object, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end()) {
      file_.refuse((place_.empty() ? "" : place_ + ": ") + "the key '" + key + "' is missing");
    }
    return *found;
  }

  int whole_number(const json& entry, const char* key, int least, int most) const {
    const json& value = required(entry, key);
    if (!value.is_number_integer() || value < least || value > most) {
      refuse(key, "expected a whole number from " + std::to_string(least) + " to " +
                      std::to_string(most) + ", found " + shown(value));
    }
    return value.get<int>();
  }

  std::string one_of(const json& entry, const char* key,
                     const std::vector<std::string>& words) const {
    const json& value = required(entry, key);
    const std::string word = value.is_string() ? value.get<std::string>() : std::string();
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      refuse(key, "expected one of " + join_names(words) + ", found " + shown(value) +
                      did_you_mean(word, words));
    }
    return word;
  }

  // A value for a message; long ones would bury it.
  static std::string shown(const json& value) {
    return value.is_structured()
               ? std::string(value.type_name())
               : quoted_name(value.is_string() ? value.get<std::string>() : value.dump());
  }

  [[noreturn]] void refuse(const char* key, const std::string& message) const {
    file_.refuse((place_.empty() ? "" : place_ + ".") + key + ": " + message);
  }

  const InputFile& file_;
  std::string place_;  // the entry being read
};

}  // namespace

std::string codebook_file_text(const Calibration& calibration,
                               const std::vector<std::string>& files) {
  // Names from files may hold any bytes: those that are not UTF-8 are replaced.
  const auto text_of_json = [](const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  };
  std::string text = "{\"kvferry_codebooks\": " + std::to_string(kFileVersion) +
                     ",\n \"files\": " + text_of_json(files) + ",\n \"codebooks\": [";
  const char* separator = "\n  ";
  for (const auto& [key, group] : calibration) {
    text += separator + text_of_json(entry_json(key, group));
    separator = ",\n  ";
  }
  return text + "\n ]}\n";
}

TensorCodings read_codebook_file(const InputFile& file) {
  return CodebookFileReader(file).read();
}

}  // namespace kvferry::codec
