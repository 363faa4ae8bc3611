// Every format that the kernels have, for tests.
#pragma once

#include "codec/format.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace kvferry::codec::cuda {

inline constexpr std::array<FrameFormat, 9> kGpuFormats{{
    {DType::bf16, 4, EscapeMode::positional},
    {DType::bf16, 4, EscapeMode::sentinel},
    {DType::bf16, 3, EscapeMode::sentinel},
    {DType::e5m2, 4, EscapeMode::positional},
    {DType::e5m2, 4, EscapeMode::sentinel},
    {DType::e5m2, 3, EscapeMode::sentinel},
    {DType::e4m3, 4, EscapeMode::positional},
    {DType::e4m3, 4, EscapeMode::sentinel},
    {DType::e4m3, 3, EscapeMode::sentinel},
}};

inline std::string format_text(const testing::TestParamInfo<FrameFormat>& tested) {
  const FrameFormat& format = tested.param;
  return std::string(name_of(format.dtype)) + "w" + std::to_string(format.code_bits) +
         (format.mode == EscapeMode::sentinel ? "sentinel" : "positional");
}

}  // namespace kvferry::codec::cuda
