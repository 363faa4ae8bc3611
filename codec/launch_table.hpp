// Times of launches as recorded on a GPU: (dtype, mode, tensors, raw bytes, escape rate) -> encode
// and decode.
//
// Between recorded launches of the same dtype and mode the time is linear in the escape rate, in
// the raw bytes and in the number of tensors, in this order. Outside of what was recorded there is
// no figure: a caller who wants one all the same says so.
#pragma once

#include "codec/format.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::codec {

/// "w4-positional", "w4-sentinel" or "w3-sentinel".
std::string_view mode_name(const FrameFormat& format);

/// What decides the time of one launch.
struct LaunchShape {
  FrameFormat format;
  std::int64_t tensors = 0;
  Bytes raw{};             ///< of all tensors
  double escape_rate = 0;  ///< share of the values without a code
};

/// As in "8 tensors, 16384 raw bytes, escape rate 0.0003, bf16 w4-positional".
std::string text_of(const LaunchShape& shape);

struct LaunchTimes {
  Seconds encode;
  Seconds decode;
};

struct RecordedLaunch {
  LaunchShape shape;
  LaunchTimes median;
  LaunchTimes spread;  ///< third minus first quartile of the repetitions
};

/// What to do outside of the recorded range. `extend`: fewer bytes take the time of the smallest
/// launch, more bytes its last rate; tensors and escape rate count as the nearest recorded ones.
enum class OutsideRange : std::uint8_t { refuse, extend };

class LaunchTable {
 public:
  /// @pre at least one launch, all above zero in tensors, bytes and times
  explicit LaunchTable(std::vector<RecordedLaunch> launches);

  /// @throws InputError where nothing was recorded for the dtype and mode, and outside of the range
  LaunchTimes times_of(const LaunchShape& shape, OutsideRange outside) const;

  /// By dtype, mode, tensors, raw bytes and escape rate.
  std::span<const RecordedLaunch> launches() const { return launches_; }

 private:
  std::vector<RecordedLaunch> launches_;
};

}  // namespace kvferry::codec
