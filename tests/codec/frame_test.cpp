#include "codec/splitzip.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace kvferry::codec {
namespace {

constexpr std::array<std::uint8_t, 3> kChunkLog2s{10, 13, 15};
constexpr std::array<std::size_t, 14> kCounts{0,    1,    2,    7,    8,    127,    1023,
                                              1024, 1025, 8191, 8192, 8193, 40'011, 300'003};

std::vector<std::uint16_t> decoded(std::span<const std::byte> frame, std::size_t count) {
  std::vector<std::uint16_t> values(count, 0x5555);
  EXPECT_EQ(text_of(decode(frame, values).fault), text_of(FrameFault::none));
  return values;
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<std::size_t>(byte) >> 4];
    text += kDigits[std::to_integer<std::size_t>(byte) & 0xf];
  }
  return text;
}

template <DType kType>
void expect_inverse() {
  using Bits = typename NumberFormat<kType>::Bits;
  for (std::uint32_t bits = 0; bits <= std::numeric_limits<Bits>::max(); ++bits) {
    const NumberParts parts = split<kType>(static_cast<Bits>(bits));
    ASSERT_EQ(join<kType>(parts), bits);
    ASSERT_LT(parts.exponent, 1 << exponent_bits(kType));
    ASSERT_LT(parts.sign_mantissa,
              1 << (8 * sizeof(Bits) - static_cast<std::size_t>(exponent_bits(kType))));
  }
}

TEST(NumberFormat, SplitAndJoinAreInverseForEveryPattern) {
  expect_inverse<DType::bf16>();
  expect_inverse<DType::e5m2>();
  expect_inverse<DType::e4m3>();
}

TEST(Frame, ReturnsEveryBf16PatternUnchanged) {
  std::vector<std::uint16_t> values(65'536);
  std::iota(values.begin(), values.end(), std::uint16_t{0});
  for (const std::uint8_t chunk_log2 : kChunkLog2s) {
    const auto frame =
        encode(values, {.codebook = calibrate(values), .format = {.chunk_log2 = chunk_log2}});
    EXPECT_EQ(decoded(frame, values.size()), values);
  }
}

TEST(Frame, ReturnsEveryBf16PatternUnchangedAsALoneEscapeOrCode) {
  const std::vector<std::uint8_t> exponents{120, 121, 122, 123};
  const Codebook codebook(exponents);
  std::vector<std::uint16_t> values(33, bf16_from_float(1.0F / 16));
  for (std::uint32_t bits = 0; bits <= 0xffff; ++bits) {
    values[17] = static_cast<std::uint16_t>(bits);
    ASSERT_EQ(decoded(encode(values, {.codebook = codebook}), values.size()), values);
  }
}

TEST(Frame, ReturnsAnyKindAndSizeOfTensorUnchangedWithinItsBound) {
  for (const ValueKind kind : kAllValueKinds) {
    for (const std::size_t count : kCounts) {
      for (const std::uint8_t chunk_log2 : kChunkLog2s) {
        const auto values = draw_values(kind, count);
        const auto frame =
            encode(values, {.codebook = calibrate(values), .format = {.chunk_log2 = chunk_log2}});
        EXPECT_LE(frame.size(), frame_bound(frame_layout(count, {.chunk_log2 = chunk_log2})));
        EXPECT_EQ(decoded(frame, count), values) << "count " << count;
      }
    }
  }
}

// The promise of FORMAT.md: never above 2 bytes per value + 0.05 % + 0.6 KB.
TEST(Frame, NeverExpandsBeyondThePromisedBound) {
  for (const std::size_t count : kCounts) {
    for (const ValueKind kind : {ValueKind::random_bits, ValueKind::special_values}) {
      const auto values = draw_values(kind, count);
      const double promised = 2.0 * static_cast<double>(count) * 1.0005 + 600;
      // A foreign codebook makes (almost) everything an escape: the worst case.
      const std::vector<std::uint8_t> foreign{3};
      EXPECT_LE(static_cast<double>(encode(values, {.codebook = Codebook(foreign)}).size()),
                promised);
      EXPECT_LE(static_cast<double>(encode(values, {.codebook = calibrate(values)}).size()),
                promised);
      EXPECT_LE(static_cast<double>(frame_bound(frame_layout(count, {}))), promised);
    }
  }
}

// 3 / 2 bytes per value when nothing escapes: header, directory and alignment aside.
TEST(Frame, WithoutEscapesTakesThreeQuartersOfTheRawSize) {
  const std::size_t count = 1 << 20;
  const auto values = draw_values(ValueKind::all_zero, count);
  const auto frame = encode(values, {.codebook = calibrate(values)});
  EXPECT_EQ(frame.size(), 128 + 8 * (count >> 13) + count + count / 2);
}

TEST(Frame, AnEscapeCostsThreeBytesPaddedToAWord) {
  const std::vector<std::uint8_t> exponents{127};
  std::vector<std::uint16_t> values(8192, bf16_from_float(1.5F));
  const auto size_with = [&](std::size_t escapes) {
    std::fill_n(values.begin(), escapes, bf16_from_float(256.0F));
    return encode(values, {.codebook = Codebook(exponents)}).size();
  };
  const std::size_t none = size_with(0);
  EXPECT_EQ(size_with(1), none + 4);
  EXPECT_EQ(size_with(2), none + 8);
  EXPECT_EQ(size_with(4), none + 12);
  EXPECT_EQ(size_with(1365), none + 4096);
  EXPECT_EQ(size_with(1366), none + 4096) << "a raw chunk is now smaller than its escapes";
  EXPECT_EQ(size_with(8192), none + 4096);
}

TEST(Frame, TheUserTagTravelsInTheHeader) {
  const auto frame = encode(std::span<const std::uint16_t>{},
                            {.codebook = calibrate({}), .user_tag = 0x1122334455667788});
  FrameContents contents{};
  ASSERT_EQ(check_header(frame, contents), FrameFault::none);
  EXPECT_EQ(contents.header.user_tag, 0x1122334455667788U);
  EXPECT_EQ(contents.header.value_count, 0U);
}

// Worked out by hand from FORMAT.md (its section "Two worked examples"), apart from the header's
// hash.
TEST(Frame, MatchesTheWorkedExampleWithAnEscape) {
  const std::vector<std::uint8_t> exponents{126, 127, 128};
  const std::vector<std::uint16_t> values{0x3f80, 0xc000, 0x3f00, 0x7180, 0xbf80};
  const auto frame = encode(values, {.codebook = Codebook(exponents)});
  ASSERT_EQ(frame.size(), 512U + 4);
  const auto bytes = std::span(frame);
  EXPECT_EQ(hex(bytes.subspan(0, 16)), "89535a4b560d0a1a0100800001040d00");
  EXPECT_EQ(hex(bytes.subspan(16, 16)), "05000000000000000100000000000000");
  EXPECT_EQ(hex(bytes.subspan(32, 17)), "7e7f800000000000000000000000000003");
  EXPECT_EQ(hex(bytes.subspan(64, 8)), "0002000000000000") << "static bytes: 512";
  EXPECT_EQ(hex(bytes.subspan(112, 12)), "040000000000000000000000") << "4 escape bytes, status 0";
  EXPECT_EQ(hex(bytes.subspan(128, 8)), "0000000001000000") << "record at word 0, one escape";
  EXPECT_EQ(hex(bytes.subspan(256, 5)), "0080000080") << "sign-mantissa bytes";
  EXPECT_EQ(hex(bytes.subspan(384, 3)), "210001") << "codes 1 2 0, 0 for the escape, 1";
  EXPECT_EQ(hex(bytes.subspan(512, 4)), "0300e300") << "position 3, exponent 227";
}

TEST(Frame, MatchesTheWorkedExampleWithARawChunk) {
  const std::vector<std::uint8_t> exponents{126, 127, 128};
  const std::vector<std::uint16_t> values{0x3f80, 0xc000, 0x3f00, 0x7180, 0x8000};
  const auto frame = encode(values, {.codebook = Codebook(exponents)});
  ASSERT_EQ(frame.size(), 512U + 4);
  const auto bytes = std::span(frame);
  EXPECT_EQ(hex(bytes.subspan(128, 8)), "0000000000000100") << "no escapes, flag raw";
  EXPECT_EQ(hex(bytes.subspan(384, 3)), "0f3e00") << "low halves of 7f 80 7e e3 00";
  EXPECT_EQ(hex(bytes.subspan(512, 4)), "87e70000") << "their high halves, padded to a word";
}

// A change of these digests is a change of the format: bump its version.
TEST(Frame, GoldenDigestsAreFixedForAllTime) {
  const auto digest = [](ValueKind kind) {
    const auto values = draw_values(kind, 100'003);
    const auto frame = encode(values, {.codebook = calibrate(values), .user_tag = 42});
    return fnv1a({reinterpret_cast<const char*>(frame.data()), frame.size()});
  };
  EXPECT_EQ(digest(ValueKind::random_bits), 8230001478548952137U);
  EXPECT_EQ(digest(ValueKind::gaussian), 4367638431542468926U);
  EXPECT_EQ(digest(ValueKind::coded_and_raw_chunks), 17193139359543568172U);
}

}  // namespace
}  // namespace kvferry::codec
