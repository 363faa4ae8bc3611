#include "codec/profile.hpp"

#include "sim/base/error.hpp"

#include "codec_profiles.hpp"

#include <string>

namespace kvferry::codec {
namespace {

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

void check_range(const TimeTable& table, Bytes raw) {
  const Bytes low = table.points.front().raw;
  const Bytes high = table.points.back().raw;
  if (raw >= low && raw <= high) return;
  throw InputError("a launch of " + std::to_string(raw.value) +
                   " raw bytes is outside the recorded range, " + std::to_string(low.value) +
                   " to " + std::to_string(high.value));
}

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

Seconds time_of(const CodecTime& curve, Bytes raw, OutsideRange outside) {
  if (raw.value <= 0) return {0};
  if (const auto* affine = std::get_if<AffineTime>(&curve)) return affine_time(*affine, raw);
  const auto& table = std::get<TimeTable>(curve);
  if (outside == OutsideRange::refuse) check_range(table, raw);
  return table_time(table, raw);
}

LaunchTimes times_of(const CodecProfile& profile, std::span<const LaunchShape> launches,
                     OutsideRange outside) {
  LaunchTimes sum{};
  try {
    Bytes raw{};
    for (const LaunchShape& shape : launches) {
      raw += shape.raw;
      if (!profile.launches || shape.raw.value <= 0) continue;
      const LaunchTimes times = profile.launches->times_of(shape, outside);
      sum.encode += times.encode;
      sum.decode += times.decode;
    }
    if (profile.launches) return sum;
    return {time_of(profile.encode, raw, outside), time_of(profile.decode, raw, outside)};
  } catch (const InputError& error) {
    throw InputError("profile '" + profile.name + "': error: " + error.what() +
                     "; another profile, or codec.extrapolate: true, goes on");
  }
}

const std::vector<CodecProfile>& built_in_profiles() {
  static const std::vector<CodecProfile> profiles{
      parse_codec_profile(embedded::h200_sxm_csv, "h200-sxm.csv")};
  return profiles;
}

}  // namespace kvferry::codec
