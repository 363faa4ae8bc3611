#include "codec/codebook.hpp"

#include "codec/splitzip.hpp"
#include "tests/codec/exact_bytes.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kvferry::codec {
namespace {

TEST(Codebook, HoldsTheMostFrequentExponentsInAscendingOrder) {
  ExponentHistogram histogram{};
  for (std::size_t e = 100; e < 130; ++e) histogram[e] = e;  // 114 ... 129 are the 16 most frequent
  const Codebook codebook = Codebook::most_frequent(histogram, 16);
  const auto exponents = codebook.exponents();
  ASSERT_EQ(exponents.size(), 16U);
  for (std::uint8_t code = 0; code < 16; ++code) {
    EXPECT_EQ(exponents[code], 114 + code);
    EXPECT_EQ(codebook.code_of(static_cast<std::uint8_t>(114 + code)), code);
  }
  EXPECT_EQ(codebook.code_of(113), Codebook::kEscape);
  EXPECT_EQ(codebook.code_of(130), Codebook::kEscape);
}

TEST(Codebook, TiesGoToTheSmallerExponent) {
  ExponentHistogram histogram{};
  histogram.fill(5);
  const auto codebook = Codebook::most_frequent(histogram, 16);
  EXPECT_EQ(codebook.exponents().front(), 0);
  EXPECT_EQ(codebook.exponents().back(), 15);
}

TEST(Codebook, ZerosCountLikeAnyOtherValue) {
  std::vector<std::uint16_t> values = draw_values(ValueKind::gaussian, 10'000);
  std::fill_n(values.begin(), 600, std::uint16_t{0});
  EXPECT_NE(calibrate(values).code_of(0), Codebook::kEscape);
}

// Whole words and what is left of them, at any address, added to what was counted before.
TEST(Codebook, CountsLikeOneValueAfterTheOther) {
  for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
    const std::size_t width = bytes_per_value(dtype);
    for (std::size_t count = 0; count <= 70'000; count = count < 40 ? count + 1 : 2 * count + 1) {
      const auto tensor = draw_tensor(dtype, ValueKind::random_bits, count, count);
      const ExactBytes values(tensor, count % 9);
      ExponentHistogram found{};
      ExponentHistogram expected{};
      found[7] = expected[7] = 1000;
      count_exponents(values.span(), dtype, found);
      for (std::size_t i = 0; i < count; ++i) {
        const unsigned low = std::to_integer<unsigned>(tensor[width * i]);
        const unsigned high = std::to_integer<unsigned>(tensor[width * i + width - 1]);
        ++expected[dtype == DType::bf16   ? (high << 1 | low >> 7) & 0xff
                   : dtype == DType::e5m2 ? low >> 2 & 0x1f
                                          : low >> 3 & 0xf];
      }
      ASSERT_EQ(found, expected) << name_of(dtype) << ", " << count << " values";
    }
  }
}

// No other 16 exponents have fewer escapes: exchanging any entry for any other exponent cannot
// help.
TEST(Codebook, IsOptimalForItsValues) {
  const auto values = draw_values(ValueKind::gaussian_with_strays, 50'000);
  ExponentHistogram histogram{};
  count_exponents(std::as_bytes(std::span(values)), DType::bf16, histogram);
  const Codebook codebook = calibrate(values);
  for (const std::uint8_t inside : codebook.exponents()) {
    for (int outside = 0; outside < 256; ++outside) {
      if (codebook.code_of(static_cast<std::uint8_t>(outside)) != Codebook::kEscape) continue;
      EXPECT_GE(histogram[inside], histogram[static_cast<std::size_t>(outside)]);
    }
  }
}

TEST(Codebook, EntropyAndCoverageOfKnownHistograms) {
  ExponentHistogram histogram{};
  EXPECT_EQ(exponent_entropy_bits(histogram), 0);
  EXPECT_EQ(coverage(histogram, 8), 1);
  histogram[10] = 4;
  EXPECT_NEAR(exponent_entropy_bits(histogram), 0, 1e-15);
  histogram[11] = 2;
  histogram[12] = 1;
  histogram[13] = 1;
  EXPECT_NEAR(exponent_entropy_bits(histogram), 1.75, 1e-14);  // 1/2 + 2/4 + 3/8 + 3/8
  EXPECT_DOUBLE_EQ(coverage(histogram, 1), 0.5);
  EXPECT_DOUBLE_EQ(coverage(histogram, 3), 0.875);
}

}  // namespace
}  // namespace kvferry::codec
