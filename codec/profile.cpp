#include "codec/profile.hpp"

#include "sim/base/error.hpp"

#include "codec_profiles.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

namespace kvferry::codec {
namespace {

constexpr std::string_view kAffineHeader = "direction,fixed_us,gb_per_s";
constexpr std::string_view kTableHeader = "raw_bytes,encode_us,decode_us";

Seconds affine_time(const AffineTime& curve, Bytes raw) {
  return curve.fixed + raw / curve.rate;
}

Seconds table_time(const TimeTable& table, Bytes raw) {
  const auto& points = table.points;
  if (raw <= points.front().raw) return points.front().time;
  if (raw >= points.back().raw) {
    return points.back().time *
           (static_cast<double>(raw.value) / static_cast<double>(points.back().raw.value));
  }
  std::size_t upper = 1;
  while (points[upper].raw < raw) ++upper;
  const TimePoint& a = points[upper - 1];
  const TimePoint& b = points[upper];
  const double share =
      static_cast<double>((raw - a.raw).value) / static_cast<double>((b.raw - a.raw).value);
  return a.time + (b.time - a.time) * share;
}

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
    if (line != kAffineHeader && line != kTableHeader) {
      refuse("expected the header '" + std::string(kAffineHeader) + "' or '" +
             std::string(kTableHeader) + "', found '" + std::string(line.substr(0, 80)) + "'");
    }
    header_ = line;
  }

  void read_row(std::string_view line) {
    const auto fields = three_fields(line);
    if (header_ == kAffineHeader) {
      read_affine(fields);
    } else {
      read_point(fields);
    }
  }

  std::array<std::string_view, 3> three_fields(std::string_view line) const {
    const auto first = line.find(',');
    const auto second = first == std::string_view::npos ? first : line.find(',', first + 1);
    if (second == std::string_view::npos || line.find(',', second + 1) != std::string_view::npos) {
      refuse("expected 3 fields, found '" + std::string(line.substr(0, 80)) + "'");
    }
    return {line.substr(0, first), line.substr(first + 1, second - first - 1),
            line.substr(second + 1)};
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
    const double raw_bytes = non_negative_number("raw_bytes", fields[0]);
    constexpr double kLargestLaunch = 1e15;
    if (raw_bytes < 1 || raw_bytes > kLargestLaunch || raw_bytes != std::floor(raw_bytes)) {
      refuse("column 'raw_bytes': expected a whole number from 1 to 1e15, found '" +
             std::string(fields[0].substr(0, 80)) + "'");
    }
    const Bytes raw{static_cast<std::int64_t>(raw_bytes)};
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
    CodecProfile profile{note("name"), origin(), note("device"), note("source"), {}, {}};
    if (header_ == kTableHeader && !encode_.points.empty()) {
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
};

}  // namespace

std::string_view text_of(Provenance provenance) {
  switch (provenance) {
    case Provenance::none:
      return "none";
    case Provenance::measured_live:
      return "measured-live";
    case Provenance::measured_profile:
      return "measured-profile";
    case Provenance::published:
      return "published";
    case Provenance::assumed:
      return "assumed";
  }
  return "unknown";
}

Seconds time_of(const CodecTime& curve, Bytes raw) {
  if (raw.value <= 0) return {0};
  if (const auto* affine = std::get_if<AffineTime>(&curve)) return affine_time(*affine, raw);
  return table_time(std::get<TimeTable>(curve), raw);
}

CodecProfile parse_codec_profile(std::string_view text, const std::string& file) {
  return ProfileParser(text, file).parse();
}

const std::vector<CodecProfile>& built_in_profiles() {
  static const std::vector<CodecProfile> profiles{
      parse_codec_profile(embedded::h200_sxm_csv, "h200-sxm.csv")};
  return profiles;
}

}  // namespace kvferry::codec
