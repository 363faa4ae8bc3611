#include "codec/launch_table.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace kvferry::codec {
namespace {

using Launches = std::span<const RecordedLaunch>;

struct Axis {
  const char* name;
  double (*of)(const LaunchShape& shape);
};
double raw_bytes(const LaunchShape& shape) {
  return static_cast<double>(shape.raw.value);
}
// The outermost first: launches are sorted in this order.
constexpr std::array<Axis, 3> kAxes{
    Axis{"tensors", [](const LaunchShape& shape) { return static_cast<double>(shape.tensors); }},
    Axis{"raw bytes", raw_bytes},
    Axis{"escape rate", [](const LaunchShape& shape) { return shape.escape_rate; }}};
constexpr std::size_t kRawAxis = 1;

auto kind_key(const FrameFormat& format) {
  return std::tuple(format.dtype, format.mode, format.code_bits);
}
auto sort_key(const RecordedLaunch& launch) {
  const LaunchShape& shape = launch.shape;
  return std::tuple(kind_key(shape.format), shape.tensors, shape.raw, shape.escape_rate);
}

LaunchTimes scaled(const LaunchTimes& times, double factor) {
  return {times.encode * factor, times.decode * factor};
}

// The launches of one key, of those sorted by it. Not ranges::equal_range: clang 14 has no use for
// the subrange of GCC 12's library that it returns.
template <typename Key, typename KeyOf>
Launches group_of(Launches launches, const Key& key, KeyOf key_of) {
  return {std::ranges::lower_bound(launches, key, {}, key_of),
          std::ranges::upper_bound(launches, key, {}, key_of)};
}

// Those launches that share their place on the axis, on either side of `at`; the same group twice
// where `at` is one of the places, or beyond the first or last of them.
std::pair<Launches, Launches> groups_around(Launches launches, const Axis& axis, double at) {
  const auto place = [&](const RecordedLaunch& launch) { return axis.of(launch.shape); };
  const auto group_at = [&](double key) { return group_of(launches, key, place); };
  const auto above = std::ranges::lower_bound(launches, at, {}, place);
  if (above == launches.end()) return {group_at(place(launches.back())), {}};
  const Launches upper = group_at(place(*above));
  if (above == launches.begin() || place(*above) == at) return {upper, {}};
  return {group_at(place(*std::prev(above))), upper};
}

void check_range(Launches launches, const LaunchShape& shape, const Axis& axis) {
  const double low = axis.of(launches.front().shape);
  const double high = axis.of(launches.back().shape);
  const double at = axis.of(shape);
  if (at >= low && at <= high) return;
  throw InputError("a launch of " + text_of(shape) + " is outside the recorded range of " +
                   axis.name + ", " + shortest_decimal(low) + " to " + shortest_decimal(high));
}

LaunchTimes interpolate(Launches launches, const LaunchShape& shape, OutsideRange outside,
                        std::size_t depth = 0) {
  if (depth == kAxes.size()) return launches.front().median;
  const Axis& axis = kAxes[depth];
  if (outside == OutsideRange::refuse) check_range(launches, shape, axis);
  const double at = axis.of(shape);
  const auto [lower, upper] = groups_around(launches, axis, at);
  const LaunchTimes below = interpolate(lower, shape, outside, depth + 1);
  const double low = axis.of(lower.front().shape);
  if (upper.empty()) {
    return depth == kRawAxis && at > low ? scaled(below, at / low) : below;
  }
  const LaunchTimes above = interpolate(upper, shape, outside, depth + 1);
  const double share = (at - low) / (axis.of(upper.front().shape) - low);
  return {below.encode + (above.encode - below.encode) * share,
          below.decode + (above.decode - below.decode) * share};
}

}  // namespace

std::string_view mode_name(const FrameFormat& format) {
  if (format.mode == EscapeMode::positional) return "w4-positional";
  return format.code_bits == 4 ? "w4-sentinel" : "w3-sentinel";
}

std::string text_of(const LaunchShape& shape) {
  return std::to_string(shape.tensors) + " tensors, " + std::to_string(shape.raw.value) +
         " raw bytes, escape rate " + shortest_decimal(shape.escape_rate) + ", " +
         std::string(name_of(shape.format.dtype)) + " " + std::string(mode_name(shape.format));
}

LaunchTable::LaunchTable(std::vector<RecordedLaunch> launches) : launches_(std::move(launches)) {
  std::ranges::sort(launches_, {}, sort_key);
}

LaunchTimes LaunchTable::times_of(const LaunchShape& shape, OutsideRange outside) const {
  const Launches of_kind =
      group_of(launches_, kind_key(shape.format),
               [](const RecordedLaunch& launch) { return kind_key(launch.shape.format); });
  if (of_kind.empty()) {
    throw InputError("nothing was recorded for " + std::string(name_of(shape.format.dtype)) + " " +
                     std::string(mode_name(shape.format)));
  }
  return interpolate(of_kind, shape, outside);
}

}  // namespace kvferry::codec
