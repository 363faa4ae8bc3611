// How long the codec takes, as recorded on some device: raw bytes of a launch -> encode and decode
// time.
//
// A profile is a small CSV with its provenance in comment lines (`# key: value`), in one of two
// forms:
//   direction,fixed_us,gb_per_s        time = fixed + raw bytes / rate, where only that is known
//   raw_bytes,encode_us,decode_us      a measured table, raw_bytes ascending
// GB/s counts raw (uncompressed) bytes, 1e9 each. One launch encodes all tensors of one hand-off
// chunk.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
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

/// Time of one launch on `raw` bytes; zero for zero bytes.
Seconds time_of(const CodecTime& curve, Bytes raw);

struct CodecProfile {
  std::string name;
  Provenance origin = Provenance::assumed;
  std::string device;
  std::string source;
  CodecTime encode;
  CodecTime decode;
};

/// Reads a profile. @throws InputError naming `file` and the line.
CodecProfile parse_codec_profile(std::string_view text, const std::string& file);

/// The profiles that come with kvferry.
const std::vector<CodecProfile>& built_in_profiles();

}  // namespace kvferry::codec
