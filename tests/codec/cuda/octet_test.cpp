// The kernels' arithmetic on eight values at a time against the CPU codec's on one, for every bit
// pattern of a value and every position in the eight.
#include "codec/cuda/octet.hpp"

#include "codec/bit_planes.hpp"
#include "codec/codebook.hpp"
#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>
#include <vector>

namespace kvferry::codec::cuda {
namespace {

template <DType kType>
using Eight = std::array<typename NumberFormat<kType>::Bits, 8>;

template <DType kType>
constexpr unsigned kPatterns = 1U << (8 * bytes_per_value(kType));

template <DType kType>
OctetValues<kType> words_of(const Eight<kType>& eight) {
  OctetValues<kType> values{};
  static_assert(sizeof values.words == sizeof eight);
  std::memcpy(values.words, eight.data(), sizeof eight);
  return values;
}

/// Calls `check` with every pattern at every place, arbitrary values around it.
template <DType kType, typename Check>
void for_every_pattern(const Check& check) {
  RandomStream random(1, "neighbours");
  for (unsigned pattern = 0; pattern < kPatterns<kType>; ++pattern) {
    Eight<kType> eight{};
    for (auto& bits : eight)
      bits = static_cast<std::uint16_t>(random.next_word()) % kPatterns<kType>;
    for (std::size_t place = 0; place < 8; ++place) {
      Eight<kType> placed_there = eight;
      placed_there[place] = static_cast<typename NumberFormat<kType>::Bits>(pattern);
      check(placed_there);
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

template <DType kType>
void expect_parts_and_whole(const Eight<kType>& eight) {
  const OctetValues<kType> values = words_of<kType>(eight);
  const Octet exponents = exponents_of(values);
  const Octet sign_mantissas = sign_mantissas_of(values);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const NumberParts parts = split<kType>(eight[i]);
    ASSERT_EQ(byte_of(exponents, i), parts.exponent);
    ASSERT_EQ(byte_of(sign_mantissas, i), parts.sign_mantissa);
  }
  const OctetValues<kType> joined = join_octet<kType>(placed<kType>(exponents), sign_mantissas);
  ASSERT_EQ(std::memcmp(joined.words, values.words, sizeof values.words), 0);
}

TEST(Octet, TakesApartAndJoinsEveryPattern) {
  for_every_pattern<DType::bf16>(expect_parts_and_whole<DType::bf16>);
  for_every_pattern<DType::e5m2>(expect_parts_and_whole<DType::e5m2>);
  for_every_pattern<DType::e4m3>(expect_parts_and_whole<DType::e4m3>);
}

std::array<std::uint8_t, 256> table_of(const Codebook& book) {
  std::array<std::uint8_t, 256> table{};
  for (unsigned e = 0; e < 256; ++e) {
    const std::uint8_t code = book.code_of(static_cast<std::uint8_t>(e));
    table[e] = code == Codebook::kEscape ? kEscapeBit : code;
  }
  return table;
}

// All 256 bytes, so for FP8 more than there are exponents.
TEST(Octet, CodesEveryExponentWithEveryContiguousCodebookLikeItsTable) {
  for (unsigned size = 1; size <= 16; ++size) {
    for (unsigned first = 0; first + size <= 256; ++first) {
      std::vector<std::uint8_t> entries(size);
      std::iota(entries.begin(), entries.end(), static_cast<std::uint8_t>(first));
      const auto table = table_of(Codebook(entries));
      const ContiguousBook book = contiguous_book(first, size);
      for (unsigned e = 0; e < 256; ++e) {
        const std::uint32_t four =
            e | (e ^ 0xffU) << 8 | (e ^ 0x80U) << 16 | ((e + 1) & 0xffU) << 24;
        const std::uint32_t found = coded(book, four);
        const std::uint32_t expected = coded(table.data(), four);
        // Below the escape bit an escape may say anything.
        const std::uint32_t escapes = expected & 0x80808080U;
        ASSERT_EQ(found & 0x80808080U, escapes) << first << " " << size << " " << e;
        const std::uint32_t no_escape = ~gather_bytes(escapes, 0, 0xba98);
        ASSERT_EQ(found & no_escape, expected & no_escape) << first << " " << size << " " << e;
      }
    }
  }
}

TEST(Octet, GathersBytesAndSignsBySelector) {
  EXPECT_EQ(gather_bytes(0x33221100, 0x77665544, 0x7410), 0x77441100U);
  EXPECT_EQ(gather_bytes(0x80117f91, 0, 0xba98), 0xff0000ffU);
  EXPECT_EQ(gather_bytes(0, 0xc0000000, 0xf000), 0xff000000U);
}

template <FrameFormat kFormat>
void expect_codes(std::uint32_t low, std::uint32_t high) {
  const Octet bytes{low, high};
  const Octet codes = written_codes<kFormat>(bytes);
  const std::uint32_t escapes = escapes_in(bytes);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const bool escape = byte_of(bytes, i) >= kEscapeBit;
    constexpr unsigned kLast = (1U << kFormat.code_bits) - 1;
    constexpr unsigned kOfEscape = kFormat.mode == EscapeMode::sentinel ? kLast : 0;
    ASSERT_EQ(escapes >> i & 1U, escape ? 1U : 0U);
    ASSERT_EQ(byte_of(codes, i), escape ? kOfEscape : byte_of(bytes, i) & kLast);
  }
}

TEST(Octet, WritesEscapesAsTheModeSays) {
  RandomStream random(1, "coded bytes");
  for (int i = 0; i < 100'000; ++i) {
    const auto word = [&] { return static_cast<std::uint32_t>(random.next_word()) & 0x8f8f8f8fU; };
    const std::uint32_t low = word();
    const std::uint32_t high = word();
    expect_codes<FrameFormat{DType::bf16, 4, EscapeMode::positional}>(low, high);
    expect_codes<FrameFormat{DType::bf16, 4, EscapeMode::sentinel}>(low, high);
    expect_codes<FrameFormat{DType::bf16, 3, EscapeMode::sentinel}>(low, high);
    if (HasFatalFailure()) return;
  }
}

template <unsigned kBits, unsigned kShift>
void expect_plane(const Octet& octet) {
  const PlaneOctet<kBits> packed = pack<kBits, kShift>(octet);
  static_assert(sizeof packed == kBits);
  std::array<std::byte, 8> plane{};
  for (std::uint32_t i = 0; i < 8; ++i)
    put_bits(plane.data(), kBits, i, byte_of(octet, i) >> kShift & ((1U << kBits) - 1));
  ASSERT_EQ(std::memcmp(&packed, plane.data(), kBits), 0);
  const Octet spread_again = spread<kBits>(packed);
  for (std::uint32_t i = 0; i < 8; ++i)
    ASSERT_EQ(byte_of(spread_again, i), get_bits(plane.data(), kBits, i));
}

TEST(Octet, PacksAndSpreadsPlanesOfEveryWidthLikeTheCpu) {
  RandomStream random(1, "planes");
  for (int i = 0; i < 100'000; ++i) {
    const Octet octet{static_cast<std::uint32_t>(random.next_word()),
                      static_cast<std::uint32_t>(random.next_word())};
    expect_plane<1, 0>(octet);
    expect_plane<1, 2>(octet);
    expect_plane<1, 4>(octet);
    expect_plane<2, 0>(octet);
    expect_plane<4, 0>(octet);
    expect_plane<8, 0>(octet);
    if (HasFatalFailure()) return;
  }
}

template <FrameFormat kFormat>
void expect_exponents(const std::array<std::uint8_t, 8>& codes, const ExponentTable& table) {
  constexpr BitSplit kSplit = code_split(kFormat);
  Octet octet{0, 0};
  for (std::uint32_t i = 0; i < 8; ++i) put_byte(octet, i, codes[i]);
  const std::uint32_t low = pack<kSplit.low_bits>(octet);
  std::uint32_t high = 0;
  if constexpr (kSplit.high_bits > 0) high = pack<kSplit.high_bits, kSplit.low_bits>(octet);
  const std::uint32_t nibbles = code_nibbles<kFormat>(low, high);
  const Octet found = placed_exponents<kFormat>(table, nibbles);
  const std::uint32_t sentinels = sentinels_in<kFormat>(nibbles);
  const auto* const exponents = reinterpret_cast<const std::uint8_t*>(table.words);
  for (std::uint32_t i = 0; i < 8; ++i) {
    ASSERT_EQ(nibbles >> 4 * i & 15U, codes[i]);
    ASSERT_EQ(byte_of(found, i), exponents[codes[i]]);
    constexpr unsigned kLast = (1U << kFormat.code_bits) - 1;
    ASSERT_EQ(sentinels >> 4 * i & 15U, codes[i] == kLast ? 1U : 0U);
  }
  for (std::uint32_t limit = 1; limit <= 16; ++limit) {
    const auto expected = std::count_if(codes.begin(), codes.end(),
                                        [limit](std::uint8_t code) { return code >= limit; });
    ASSERT_EQ(count_at_least(nibbles, limit), static_cast<std::uint32_t>(expected));
  }
}

TEST(Octet, FindsExponentsSentinelsAndUnusedCodesByTheirCodes) {
  RandomStream random(1, "codes");
  for (int i = 0; i < 20'000; ++i) {
    ExponentTable table{};
    for (auto& word : table.words) word = static_cast<std::uint32_t>(random.next_word());
    std::array<std::uint8_t, 8> codes{};
    for (auto& code : codes) code = static_cast<std::uint8_t>(random.below(16));
    expect_exponents<FrameFormat{DType::bf16, 4, EscapeMode::sentinel}>(codes, table);
    for (auto& code : codes) code &= 7;
    expect_exponents<FrameFormat{DType::bf16, 3, EscapeMode::sentinel}>(codes, table);
    if (HasFatalFailure()) return;
  }
}

TEST(Octet, FindsAByteAmongSixteen) {
  const std::uint32_t words[4] = {0x03020100, 0x83828180, 0xfffe7f7e, 0x10203040};
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(words);
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool expected = std::find(bytes, bytes + 16, byte) != bytes + 16;
    EXPECT_EQ(contains_byte(words, byte), expected) << byte;
  }
}

}  // namespace
}  // namespace kvferry::codec::cuda
