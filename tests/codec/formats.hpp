// Every format that frames can have, for tests.
#pragma once

#include "codec/codebook.hpp"
#include "codec/format.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace kvferry::codec {

inline constexpr std::array<FrameFormat, 14> kAllFormats{{
    {DType::bf16, 4, EscapeMode::positional},
    {DType::bf16, 4, EscapeMode::sentinel},
    {DType::bf16, 3, EscapeMode::sentinel},
    {DType::e5m2, 4, EscapeMode::positional},
    {DType::e5m2, 4, EscapeMode::sentinel},
    {DType::e5m2, 3, EscapeMode::sentinel},
    {DType::e4m3, 4, EscapeMode::positional},
    {DType::e4m3, 4, EscapeMode::sentinel},
    {DType::e4m3, 3, EscapeMode::sentinel},
    {DType::bf16, 4, EscapeMode::positional, ChecksumKind::per_chunk},
    {DType::bf16, 3, EscapeMode::sentinel, ChecksumKind::per_chunk, 10},
    {DType::e5m2, 3, EscapeMode::sentinel, ChecksumKind::per_chunk, 15},
    {DType::e4m3, 3, EscapeMode::sentinel, ChecksumKind::per_chunk},
    {DType::bf16, 4, EscapeMode::sentinel, ChecksumKind::none, 15},
}};

inline Codebook best_codebook(std::span<const std::byte> values, const FrameFormat& format) {
  ExponentHistogram histogram{};
  count_exponents(values, format.dtype, histogram);
  return Codebook::most_frequent(histogram, max_codebook_size(format));
}

}  // namespace kvferry::codec
