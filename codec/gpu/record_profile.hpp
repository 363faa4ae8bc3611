// Records how long launches take on a device: the rows of a profile (profile.hpp).
//
// The values are made for it: exponents of one codebook, each as frequent as the others, random
// signs and mantissas, and escapes evenly spread at a chosen rate. Every launch is decoded and
// compared bit by bit before it is timed.
#pragma once

#include "codec/gpu/gpu_codec.hpp"
#include "codec/profile.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kvferry::codec {

/// All combinations are recorded, as far as memory allows.
struct ProfilePlan {
  std::vector<FrameFormat> formats;
  std::vector<std::int64_t> tensors;    ///< per launch
  std::vector<std::int64_t> raw_bytes;  ///< per launch, ascending; rounded down to whole values
  std::vector<double> escape_rates;
  int repetitions = 11;
};

/// BF16 and FP8, all modes, 2 to 160 tensors, 16 KiB to 1 GiB, up to 25 % escapes.
ProfilePlan default_profile_plan();

/// Called before each launch with what has been done and what there is to do.
using ProfileProgress = std::function<void(std::size_t done, std::size_t all)>;

/// All but `date` and `tool` are filled in. @throws RunError where a bit comes back wrong
Recording record_profile(GpuCodec& gpu, const ProfilePlan& plan, const ProfileProgress& progress);

}  // namespace kvferry::codec
