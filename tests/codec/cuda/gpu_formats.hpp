// Every format that the kernels have, for tests.
#pragma once

#include "tests/codec/formats.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace kvferry::codec::cuda {

/// Without checksums and with the usual chunks: the first nine of all.
inline constexpr std::array<FrameFormat, 9> kGpuFormats = [] {
  std::array<FrameFormat, 9> formats{};
  std::copy_n(kAllFormats.begin(), formats.size(), formats.begin());
  return formats;
}();

inline std::string format_text(const testing::TestParamInfo<FrameFormat>& tested) {
  const FrameFormat& format = tested.param;
  return std::string(name_of(format.dtype)) + "w" + std::to_string(format.code_bits) +
         (format.mode == EscapeMode::sentinel ? "sentinel" : "positional");
}

}  // namespace kvferry::codec::cuda
