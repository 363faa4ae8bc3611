// What holds for every number format, code width and escape mode.
#include "codec/splitzip.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace kvferry::codec {
namespace {

constexpr std::array<std::size_t, 13> kCounts{0,    1,    2,    7,    9,      31,    1023,
                                              1024, 1025, 8191, 8193, 20'011, 70'001};

TEST(Format, EveryFormatReturnsEveryKindOfTensorUnchangedWithinItsBound) {
  for (const FrameFormat& format : kAllFormats) {
    for (const ValueKind kind : kAllValueKinds) {
      for (const std::size_t count : kCounts) {
        const auto tensor = draw_tensor(format.dtype, kind, count);
        const auto frame = encode(tensor, {best_codebook(tensor, format), format, 7});
        ASSERT_LE(frame.size(), frame_bound(frame_layout(count, format)));
        std::vector<std::byte> decoded(tensor.size());
        ASSERT_EQ(text_of(decode(frame, std::span(decoded)).fault), text_of(FrameFault::none));
        ASSERT_EQ(decoded, tensor)
            << name_of(format.dtype) << " W" << int{format.code_bits} << " count " << count;
      }
    }
  }
}

TEST(Format, EveryFp8PatternSurvivesEveryFormat) {
  std::vector<std::byte> tensor;
  for (int repeat = 0; repeat < 40; ++repeat) {
    for (int bits = 0; bits < 256; ++bits) tensor.push_back(static_cast<std::byte>(bits));
  }
  for (const FrameFormat& format : kAllFormats) {
    if (format.dtype == DType::bf16) continue;
    std::vector<std::byte> decoded(tensor.size());
    const auto frame = encode(tensor, {best_codebook(tensor, format), format});
    ASSERT_EQ(decode(frame, std::span(decoded)).fault, FrameFault::none);
    EXPECT_EQ(decoded, tensor);
  }
}

TEST(Format, ThreadsDoNotChangeTheBytes) {
  for (const FrameFormat& format : kAllFormats) {
    // Coded and raw chunks in turn, so that records differ in length; enough chunks for several
    // threads.
    const auto tensor = draw_tensor(format.dtype, ValueKind::coded_and_raw_chunks, 3'000'011);
    const EncodeParameters parameters{best_codebook(tensor, format), format};
    const auto alone = encode(tensor, parameters, {.threads = 1});
    for (const unsigned threads : {2U, 5U, 16U}) {
      ASSERT_EQ(encode(tensor, parameters, {.threads = threads}), alone) << threads;
    }
    std::vector<std::byte> decoded(tensor.size());
    ASSERT_EQ(decode(alone, std::span(decoded), {.threads = 5}).fault, FrameFault::none);
    EXPECT_EQ(decoded, tensor);
  }
}

// FORMAT.md: 8 bytes for each chunk, and header and padding.
std::uint64_t promised_excess(const FrameFormat& format, std::uint64_t count) {
  const bool checksums = format.checksum != ChecksumKind::none;
  const std::uint64_t chunks =
      (count + (std::uint64_t{1} << format.chunk_log2) - 1) >> format.chunk_log2;
  const std::uint64_t constant =
      format.dtype == DType::bf16 ? (format.code_bits == 4 ? 514 : 646) : 800;
  return (checksums ? 12 : 8) * chunks + constant + (checksums ? 128 : 0);
}

TEST(Format, NoFormatExpandsBeyondThePromisedBound) {
  for (const FrameFormat& format : kAllFormats) {
    for (std::uint64_t count = 1; count < 20'000; ++count) {
      ASSERT_LE(frame_bound(frame_layout(count, format)),
                count * bytes_per_value(format.dtype) + promised_excess(format, count))
          << "W" << int{format.code_bits} << ", " << count << " values";
    }
  }
}

// 0.05 % and 0.6 KB, whatever format calibration finds best.
TEST(Format, TheChosenFormatOfAFewValuesKeepsTheBoundOfFourBits) {
  for (std::size_t count = 1; count < 3000; count += 7) {
    const auto tensor = draw_tensor(DType::bf16, ValueKind::gaussian, count);
    ExponentHistogram histogram{};
    count_exponents(tensor, DType::bf16, histogram);
    const FormatChoice choice = choose_format(histogram, DType::bf16);
    EXPECT_LE(static_cast<double>(encode(tensor, {choice.codebook, choice.format}).size()),
              1.0005 * static_cast<double>(tensor.size()) + 600)
        << count;
  }
}

TEST(Format, TheChosenFormatIsTheSmallestOfThem) {
  for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
    for (const ValueKind kind : kAllValueKinds) {
      const auto tensor = draw_tensor(dtype, kind, 100'000);
      ExponentHistogram histogram{};
      count_exponents(tensor, dtype, histogram);
      const FormatChoice choice = choose_format(histogram, dtype);
      const std::size_t chosen = encode(tensor, {choice.codebook, choice.format}).size();
      for (const FrameFormat& format : kAllFormats) {
        if (format.dtype != dtype || format.checksum != ChecksumKind::none ||
            format.chunk_log2 != 13)
          continue;
        const std::size_t size = encode(tensor, {best_codebook(tensor, format), format}).size();
        EXPECT_LE(static_cast<double>(chosen), 1.002 * static_cast<double>(size))
            << name_of(dtype) << " W" << int{format.code_bits};
      }
    }
  }
}

TEST(Format, PredictedSizesAreThoseOfRealFrames) {
  for (const FrameFormat& format :
       {kAllFormats[0], kAllFormats[1], kAllFormats[2], kAllFormats[5], kAllFormats[8]}) {
    const auto tensor = draw_tensor(format.dtype, ValueKind::gaussian, 1'000'000);
    ExponentHistogram histogram{};
    count_exponents(tensor, format.dtype, histogram);
    const auto frame = encode(tensor, {best_codebook(tensor, format), format});
    const double per_value = static_cast<double>(frame.size()) / 1e6;
    EXPECT_NEAR(predicted_bytes_per_value(histogram, format) / per_value, 1, 0.003);
    EXPECT_LT(entropy_bound_bytes_per_value(histogram, format.dtype), per_value);
  }
}

TEST(NumberFormat, Fp8IsTheNearestNumberTiesToEven) {
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(1.0F), DType::e4m3), 0x38);
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(-1.0F), DType::e5m2), 0xbc);
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(1.0625F), DType::e4m3), 0x38)
      << "a tie, to the even neighbour";
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(1.1875F), DType::e4m3), 0x3a)
      << "a tie, to the even neighbour";
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(1e30F), DType::e4m3), 0x7e) << "448, the largest";
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(1e30F), DType::e5m2), 0x7b)
      << "57344, the largest finite";
  EXPECT_EQ(fp8_from_bf16(bf16_from_float(0.001953125F), DType::e4m3), 0x01)
      << "2^-9, the smallest subnormal";
  EXPECT_EQ(fp8_from_bf16(0x8000, DType::e4m3), 0x80) << "minus zero";
  EXPECT_EQ(fp8_from_bf16(0x7fc0, DType::e4m3), 0x7f) << "NaN";
}

}  // namespace
}  // namespace kvferry::codec
