#include "codec/profile.hpp"
#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace kvferry::codec {
namespace {

constexpr std::string_view kAffineHeader = "direction,fixed_us,gb_per_s";
constexpr std::string_view kTableHeader = "raw_bytes,encode_us,decode_us";
constexpr std::string_view kLaunchHeader =
    "dtype,mode,tensors,raw_bytes,escape_rate,encode_us,encode_iqr_us,decode_us,decode_iqr_us";

// What a recording has to say of itself beside its name, origin, device and source.
constexpr std::array<const char*, 5> kRecordNotes{"clocks", "driver", "date", "repetitions",
                                                  "tool"};

class ProfileParser {
 public:
  ProfileParser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  CodecProfile parse() {
    while (const auto line = next_line()) {
      if (line->empty()) continue;
      if (line->starts_with('#')) {
        read_comment(*line);
      } else if (header_.empty()) {
        read_header(*line);
      } else {
        read_row(*line);
      }
    }
    return finished();
  }

 private:
  std::optional<std::string_view> next_line() {
    if (rest_.empty()) return std::nullopt;
    ++line_number_;
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  [[noreturn]] void refuse(const std::string& message) const {
    throw InputError(file_ + ":" + std::to_string(line_number_) + ": error: " + message);
  }

  void read_comment(std::string_view line) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos || line.size() < 3) return;
    notes_[std::string(line.substr(2, colon - 2))] = line.substr(colon + 2);
  }

  void read_header(std::string_view line) {
    if (line != kAffineHeader && line != kTableHeader && line != kLaunchHeader) {
      refuse("expected the header '" + std::string(kAffineHeader) + "', '" +
             std::string(kTableHeader) + "' or '" + std::string(kLaunchHeader) + "', found '" +
             std::string(line.substr(0, 80)) + "'");
    }
    header_ = line;
  }

  void read_row(std::string_view line) {
    if (header_ == kLaunchHeader) {
      read_launch(fields_of<9>(line));
    } else if (header_ == kAffineHeader) {
      read_affine(fields_of<3>(line));
    } else {
      read_point(fields_of<3>(line));
    }
  }

  template <std::size_t kCount>
  std::array<std::string_view, kCount> fields_of(std::string_view line) const {
    std::array<std::string_view, kCount> fields;
    std::size_t start = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto comma = line.find(',', start);
      if ((comma == std::string_view::npos) != (i + 1 == kCount)) {
        refuse("expected " + std::to_string(kCount) + " fields, found '" +
               std::string(line.substr(0, 80)) + "'");
      }
      fields[i] = line.substr(start, comma - start);
      start = comma + 1;
    }
    return fields;
  }

  double non_negative_number(std::string_view column, std::string_view field) const {
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool complete = error == std::errc{} && end == field.data() + field.size();
    if (!complete || !std::isfinite(value) || value < 0) {
      refuse("column '" + std::string(column) + "': expected a number of at least 0, found '" +
             std::string(field.substr(0, 80)) + "'");
    }
    return value;
  }

  std::int64_t whole_number(std::string_view column, std::string_view field) const {
    const double value = non_negative_number(column, field);
    constexpr double kLargest = 1e15;
    if (value < 1 || value > kLargest || value != std::floor(value)) {
      refuse("column '" + std::string(column) +
             "': expected a whole number from 1 to 1e15, found '" +
             std::string(field.substr(0, 80)) + "'");
    }
    return static_cast<std::int64_t>(value);
  }

  Seconds positive_time(std::string_view column, std::string_view field) const {
    const double us = non_negative_number(column, field);
    if (us == 0) refuse("column '" + std::string(column) + "': the time must be above zero");
    return {us / 1e6};
  }

  FrameFormat format_of(std::string_view dtype, std::string_view mode) const {
    FrameFormat format;
    const auto types = {DType::bf16, DType::e5m2, DType::e4m3};
    const auto type = std::ranges::find(types, dtype, name_of);
    if (type == types.end()) {
      refuse("column 'dtype': expected bf16, e5m2 or e4m3, found '" +
             std::string(dtype.substr(0, 80)) + "'");
    }
    format.dtype = *type;
    if (mode != "w4-positional") format.mode = EscapeMode::sentinel;
    if (mode == "w3-sentinel") format.code_bits = 3;
    if (mode != mode_name(format)) {
      refuse("column 'mode': expected w4-positional, w4-sentinel or w3-sentinel, found '" +
             std::string(mode.substr(0, 80)) + "'");
    }
    return format;
  }

  void read_launch(const std::array<std::string_view, 9>& fields) {
    RecordedLaunch launch;
    LaunchShape& shape = launch.shape;
    shape.format = format_of(fields[0], fields[1]);
    shape.tensors = whole_number("tensors", fields[2]);
    shape.raw = {whole_number("raw_bytes", fields[3])};
    shape.escape_rate = non_negative_number("escape_rate", fields[4]);
    if (shape.escape_rate > 1) {
      refuse("column 'escape_rate': expected a share of at most 1, found '" +
             std::string(fields[4].substr(0, 80)) + "'");
    }
    launch.median = {positive_time("encode_us", fields[5]), positive_time("decode_us", fields[7])};
    launch.spread = {{non_negative_number("encode_iqr_us", fields[6]) / 1e6},
                     {non_negative_number("decode_iqr_us", fields[8]) / 1e6}};
    if (!seen_.emplace(fields[0], fields[1], shape.tensors, shape.raw, shape.escape_rate).second) {
      refuse("a second row for " + text_of(shape));
    }
    launches_.push_back(launch);
  }

  void read_affine(const std::array<std::string_view, 3>& fields) {
    const double fixed_us = non_negative_number("fixed_us", fields[1]);
    const double gb_per_s = non_negative_number("gb_per_s", fields[2]);
    if (gb_per_s == 0) refuse("column 'gb_per_s': the rate must be above zero");
    const AffineTime curve{{fixed_us / 1e6}, {gb_per_s * 1e9}};
    if (fields[0] == "encode" || fields[0] == "decode") {
      std::optional<AffineTime>& place = fields[0] == "encode" ? affine_encode_ : affine_decode_;
      if (place) refuse("a second row for '" + std::string(fields[0]) + "'");
      place = curve;
    } else {
      refuse("column 'direction': expected encode or decode, found '" +
             std::string(fields[0].substr(0, 80)) + "'");
    }
  }

  void read_point(const std::array<std::string_view, 3>& fields) {
    const Bytes raw{whole_number("raw_bytes", fields[0])};
    if (!encode_.points.empty() && raw <= encode_.points.back().raw) {
      refuse("column 'raw_bytes': the rows must be ascending");
    }
    const double encode_us = non_negative_number("encode_us", fields[1]);
    const double decode_us = non_negative_number("decode_us", fields[2]);
    if (encode_us == 0 || decode_us == 0) refuse("the times of a table must be above zero");
    encode_.points.push_back({raw, {encode_us / 1e6}});
    decode_.points.push_back({raw, {decode_us / 1e6}});
  }

  std::string note(const std::string& key) const {
    const auto found = notes_.find(key);
    if (found == notes_.end()) {
      throw InputError(file_ + ": error: the profile lacks the line '# " + key + ": ...'");
    }
    return found->second;
  }

  Provenance origin() const {
    const std::string text = note("origin");
    if (text == "published") return Provenance::published;
    if (text == "measured") return Provenance::measured_profile;
    if (text == "assumed") return Provenance::assumed;
    throw InputError(file_ + ": error: origin: expected published, measured or assumed, found '" +
                     text + "'");
  }

  CodecProfile finished() const {
    CodecProfile profile{note("name"), origin(), note("device"), note("source"), {}, {}, {}};
    if (header_ == kLaunchHeader && !launches_.empty()) {
      for (const char* key : kRecordNotes) profile.source += "; " + (key + (" " + note(key)));
      profile.launches = LaunchTable(launches_);
    } else if (header_ == kTableHeader && !encode_.points.empty()) {
      profile.encode = encode_;
      profile.decode = decode_;
    } else if (affine_encode_ && affine_decode_) {
      profile.encode = *affine_encode_;
      profile.decode = *affine_decode_;
    } else {
      throw InputError(file_ + ": error: the profile has no complete data for encode and decode");
    }
    return profile;
  }

  std::string_view rest_;
  std::string file_;
  int line_number_ = 0;
  std::string header_;
  std::map<std::string, std::string> notes_;
  std::optional<AffineTime> affine_encode_;
  std::optional<AffineTime> affine_decode_;
  TimeTable encode_;
  TimeTable decode_;
  std::vector<RecordedLaunch> launches_;
  std::set<std::tuple<std::string_view, std::string_view, std::int64_t, Bytes, double>> seen_;
};

std::string microseconds(Seconds time) {
  return shortest_decimal(std::round(time.value * 1e9) / 1e3);
}

}  // namespace

CodecProfile parse_codec_profile(std::string_view text, const std::string& file) {
  return ProfileParser(text, file).parse();
}

std::string profile_text(const Recording& recording) {
  std::string text;
  const auto note = [&](const char* key, std::string value) {
    std::ranges::replace_if(
        value, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    text += std::string("# ") + key + ": " + value + "\n";
  };
  note("name", recording.name);
  note("origin", "measured");
  note("device", recording.device);
  note("source", recording.source);
  note("clocks", recording.clocks);
  note("driver", recording.driver);
  note("date", recording.date);
  note("repetitions", std::to_string(recording.repetitions));
  note("tool", recording.tool);
  text += std::string(kLaunchHeader) + "\n";
  for (const RecordedLaunch& launch : recording.launches) {
    const LaunchShape& shape = launch.shape;
    text += std::string(name_of(shape.format.dtype)) + "," + std::string(mode_name(shape.format)) +
            "," + std::to_string(shape.tensors) + "," + std::to_string(shape.raw.value) + "," +
            shortest_decimal(shape.escape_rate) + "," + microseconds(launch.median.encode) + "," +
            microseconds(launch.spread.encode) + "," + microseconds(launch.median.decode) + "," +
            microseconds(launch.spread.decode) + "\n";
  }
  return text;
}

}  // namespace kvferry::codec
