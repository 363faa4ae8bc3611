// How long the codec takes, as recorded on some device: raw bytes of a launch -> encode and decode
// time.
//
// A profile is a small CSV with its provenance in comment lines (`# key: value`: name, origin,
// device, source), in one of three forms:
//   direction,fixed_us,gb_per_s        time = fixed + raw bytes / rate, where only that is known
//   raw_bytes,encode_us,decode_us      a measured table, raw_bytes ascending
//   dtype,mode,tensors,raw_bytes,escape_rate,encode_us,encode_iqr_us,decode_us,decode_iqr_us
//                                      launches recorded by `kvferry codec profile`, any order; the
//                                      comments clocks, driver, date, repetitions, tool as well
// GB/s counts raw (uncompressed) bytes, 1e9 each; iqr is the third minus the first quartile. One
// launch encodes all tensors of one hand-off chunk that have the same format.
#pragma once

#include "codec/launch_table.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvferry::codec {

/// Where a figure comes from; every result carries it.
enum class Provenance : std::uint8_t { none, measured_live, measured_profile, published, assumed };
std::string_view text_of(Provenance provenance);

/// time = fixed + raw / rate.
struct AffineTime {
  Seconds fixed;
  BytesPerSecond rate;
};

struct TimePoint {
  Bytes raw;
  Seconds time;
};

/// Linear between the points; below the first its time, above the last its rate.
struct TimeTable {
  std::vector<TimePoint> points;  ///< at least one, raw ascending and above zero
};

using CodecTime = std::variant<AffineTime, TimeTable>;

/// Time of one launch on `raw` bytes; zero for zero bytes. A rate has no range, a table has.
/// @throws InputError outside of the range of a table, if that is to be refused
Seconds time_of(const CodecTime& curve, Bytes raw, OutsideRange outside = OutsideRange::extend);

struct CodecProfile {
  std::string name;
  Provenance origin = Provenance::assumed;
  std::string device;
  std::string source;
  CodecTime encode;
  CodecTime decode;
  std::optional<LaunchTable> launches{};  ///< where present, instead of the two
};

/// Times of a hand-off chunk: its launches one after the other, or one launch on all their bytes
/// where the profile knows no more than that.
/// @throws InputError naming the profile, where one is outside of its range and that is refused
LaunchTimes times_of(const CodecProfile& profile, std::span<const LaunchShape> launches,
                     OutsideRange outside);

/// Launches measured on a device, with what has to be known about how.
struct Recording {
  std::string name;
  std::string device;
  std::string source;  ///< which values were encoded, how the time was taken
  std::string clocks;
  std::string driver;
  std::string date;
  int repetitions = 0;
  std::string tool;
  std::vector<RecordedLaunch> launches;
};

/// The recording as a profile file; parse_codec_profile() reads it.
std::string profile_text(const Recording& recording);

/// Reads a profile. @throws InputError naming `file` and the line.
CodecProfile parse_codec_profile(std::string_view text, const std::string& file);

/// The profiles that come with kvferry.
const std::vector<CodecProfile>& built_in_profiles();

}  // namespace kvferry::codec
