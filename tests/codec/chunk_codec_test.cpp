// The loops of every instruction set on chunks of every length around the blocks they work in: the
// bytes of the scalar loops, and not a byte beyond their own.
#include "codec/chunk_codec.hpp"

#include "codec/bit_planes.hpp"
#include "tests/codec/exact_bytes.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/instruction_sets.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvferry::codec {
namespace {

// Blocks hold 32 or 64 values.
std::vector<std::uint32_t> counts_around_blocks() {
  std::vector<std::uint32_t> counts;
  for (std::uint32_t count = 0; count <= 200; ++count) counts.push_back(count);
  for (std::uint32_t count = 1020; count <= 1030; ++count) counts.push_back(count);
  return counts;
}

std::string described(const FrameFormat& format, InstructionSet set, std::size_t count) {
  return std::string(name_of(format.dtype)) + " W" + std::to_string(format.code_bits) +
         (format.mode == EscapeMode::sentinel ? " sentinel " : " positional ") +
         std::string(name_of(set)) + ", " + std::to_string(count) + " values";
}

struct ExactPlanes {
  ExactPlanes(BitSplit split, std::uint32_t count, std::size_t misalignment)
      : low(plane_bytes(count, split.low_bits), misalignment),
        high(plane_bytes(count, split.high_bits), misalignment) {}
  PlanePair<std::byte> writable() { return {low.data(), high.data()}; }
  PlanePair<const std::byte> readable() const { return {low.data(), high.data()}; }
  bool operator==(const ExactPlanes& other) const {
    return low.copy() == other.low.copy() && high.copy() == other.high.copy();
  }
  ExactBytes low;
  ExactBytes high;
};

// What the encoding loops make of some values.
struct EncodedChunk {
  EncodedChunk(const FrameFormat& format, std::uint32_t count, std::size_t misalignment)
      : sign_mantissa(sign_mantissa_split(format.dtype), count, misalignment),
        codes(code_split(format), count, misalignment),
        raw_codes(code_split(format), count, misalignment),
        rest(raw_split(format), count, misalignment) {}
  bool operator==(const EncodedChunk&) const = default;

  ExactPlanes sign_mantissa;
  ExactPlanes codes;
  std::vector<std::uint16_t> positions;
  std::vector<std::uint8_t> exponents;
  ExactPlanes raw_codes;
  ExactPlanes rest;
  std::uint32_t checksum = 0;
};

constexpr std::uint64_t kFirstWord = 0xfffffff0;  // the count of words wraps within the chunk

EncodedChunk encoded(const ChunkCodec& loops, const FrameFormat& format, ExactBytes& values,
                     const CodeTables& tables, std::size_t misalignment) {
  const auto count =
      static_cast<std::uint32_t>(values.span().size() / bytes_per_value(format.dtype));
  EncodedChunk chunk(format, count, misalignment);
  std::vector<std::uint16_t> positions(count + EscapeList::kSlack);
  std::vector<std::uint8_t> exponents(count + EscapeList::kSlack);
  EscapeList escapes{positions.data(), exponents.data(), 0};
  loops.encode({values.data(),
                count,
                0,
                &tables,
                {chunk.sign_mantissa.writable(), chunk.codes.writable()},
                &escapes});
  if (format.mode == EscapeMode::positional) {
    chunk.positions.assign(positions.begin(), positions.begin() + escapes.count);
  }
  chunk.exponents.assign(exponents.begin(), exponents.begin() + escapes.count);
  loops.encode_raw({values.data(), count, chunk.raw_codes.writable(), chunk.rest.writable()});
  chunk.checksum = loops.checksum(values.data(), values.span().size(), kFirstWord);
  return chunk;
}

ExactBytes record_of(const EncodedChunk& chunk) {
  const auto positions = std::as_bytes(std::span(chunk.positions));
  std::vector<std::byte> record(positions.begin(), positions.end());
  for (const std::uint8_t exponent : chunk.exponents) record.push_back(std::byte{exponent});
  return ExactBytes(record);
}

void expect_decoded(const ChunkCodec& loops, const FrameFormat& format, const EncodedChunk& chunk,
                    const CodeTables& tables, const ExactBytes& values) {
  ExactBytes out(values.copy().size(), 3);
  const auto count = static_cast<std::uint32_t>(out.span().size() / bytes_per_value(format.dtype));
  const auto escapes = static_cast<std::uint32_t>(chunk.exponents.size());
  const ExactBytes record = record_of(chunk);
  const auto* const exponents =
      reinterpret_cast<const std::uint8_t*>(record.data()) + 2 * chunk.positions.size();
  const ChunkPlanes<const std::byte> planes{chunk.sign_mantissa.readable(), chunk.codes.readable()};
  EXPECT_TRUE(loops.are_escapes(tables, exponents, escapes));
  ASSERT_TRUE(loops.decode({planes, count, &tables, exponents, escapes, out.data()}));
  if (format.mode == EscapeMode::positional) {
    ASSERT_TRUE(loops.patch({planes, count, record.data(), escapes, out.data()}));
  }
  EXPECT_EQ(out.copy(), values.copy());

  ExactBytes raw_out(out.span().size(), 5);
  loops.decode_raw({{chunk.sign_mantissa.readable(), chunk.raw_codes.readable()},
                    chunk.rest.readable(),
                    count,
                    raw_out.data()});
  EXPECT_EQ(raw_out.copy(), values.copy()) << "raw";
}

// A part of the codebook's exponents leaves codes without one, and more escapes.
std::vector<CodeTables> tables_for(std::span<const std::byte> values, const FrameFormat& format) {
  const Codebook best = best_codebook(values, format);
  const std::vector<std::uint8_t> ends{
      0, static_cast<std::uint8_t>((1U << exponent_bits(format.dtype)) - 1)};
  return {code_tables(best), code_tables(Codebook(best.exponents().subspan(2, 3))),
          code_tables(Codebook(ends))};
}

void expect_scalar_results(const FrameFormat& format, InstructionSet set, ValueKind kind,
                           std::uint32_t count) {
  const auto tensor = draw_tensor(format.dtype, kind, count, count);
  const ChunkCodec scalar = chunk_codec(format, InstructionSet::scalar);
  const ChunkCodec vector = chunk_codec(format, set);
  const std::size_t misalignment = count % 67;
  for (const CodeTables& tables : tables_for(tensor, format)) {
    ExactBytes values(tensor, misalignment);
    const EncodedChunk expected = encoded(scalar, format, values, tables, 0);
    const EncodedChunk found = encoded(vector, format, values, tables, misalignment);
    ASSERT_TRUE(found == expected) << described(format, set, count);
    SCOPED_TRACE(described(format, set, count));
    expect_decoded(vector, format, found, tables, values);
  }
}

TEST(ChunkCodec, EveryInstructionSetAgreesWithTheScalarLoopsAtEveryLength) {
  for (const InstructionSet set : available_instruction_sets()) {
    for (const FrameFormat& format : kAllFormats) {
      for (const ValueKind kind : kAllValueKinds) {
        for (const std::uint32_t count : counts_around_blocks()) {
          expect_scalar_results(format, set, kind, count);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(ChunkCodec, ExponentsThatAreNoEscapesAreFoundWhereverTheyAre) {
  for (const InstructionSet set : available_instruction_sets()) {
    for (const FrameFormat& format : kAllFormats) {
      const std::vector<std::uint8_t> codebook{3, 9};
      const CodeTables tables = code_tables(Codebook(codebook));
      const ChunkCodec loops = chunk_codec(format, set);
      const auto foreign = static_cast<std::uint8_t>(1U << exponent_bits(format.dtype));
      for (std::uint32_t count = 1; count <= 140; ++count) {
        ExactBytes list(std::vector<std::byte>(count, std::byte{4}));
        auto* const exponents = reinterpret_cast<std::uint8_t*>(list.data());
        ASSERT_TRUE(loops.are_escapes(tables, exponents, count));
        for (std::uint32_t i = 0; i < count; ++i) {
          exponents[i] = 9;
          ASSERT_FALSE(loops.are_escapes(tables, exponents, count)) << i << " of " << count;
          if (foreign != 0) exponents[i] = foreign;
          ASSERT_FALSE(loops.are_escapes(tables, exponents, count)) << i << " of " << count;
          exponents[i] = 4;
        }
      }
    }
  }
}

// A code without an exponent, and a sentinel more or fewer than there are escapes, in every place.
TEST(ChunkCodec, CodesThatDoNotFitTheirRecordAreRefusedWhereverTheyAre) {
  constexpr std::uint32_t kCount = 150;
  const std::vector<std::uint8_t> codebook{3, 4, 5};
  const CodeTables tables = code_tables(Codebook(codebook));
  for (const InstructionSet set : available_instruction_sets()) {
    for (const FrameFormat& format : kAllFormats) {
      const ChunkCodec loops = chunk_codec(format, set);
      ExactPlanes sign_mantissa(sign_mantissa_split(format.dtype), kCount, 0);
      ExactBytes out(kCount * bytes_per_value(format.dtype));
      const std::vector<std::uint8_t> escape{7};
      const auto accepts = [&](unsigned code, std::uint32_t place, std::uint32_t escapes) {
        ExactPlanes codes(code_split(format), kCount, 0);
        const PlanePair<std::byte> planes = codes.writable();
        const BitSplit split = code_split(format);
        std::fill_n(planes.low, codes.low.span().size(), std::byte{0});
        std::fill_n(planes.high, codes.high.span().size(), std::byte{0});
        put_bits(planes.low, split.low_bits, place, code & ((1U << split.low_bits) - 1));
        if (split.high_bits > 0)
          put_bits(planes.high, split.high_bits, place, code >> split.low_bits);
        return loops.decode({{sign_mantissa.readable(), codes.readable()},
                             kCount,
                             &tables,
                             escape.data(),
                             escapes,
                             out.data()});
      };
      const bool sentinels = format.mode == EscapeMode::sentinel;
      const unsigned highest = (1U << format.code_bits) - 1;
      for (std::uint32_t place = 0; place < kCount; ++place) {
        SCOPED_TRACE(described(format, set, place));
        ASSERT_TRUE(accepts(2, place, 0));
        ASSERT_FALSE(accepts(3, place, 0)) << "a code beyond the codebook";
        ASSERT_FALSE(accepts(highest - 1, place, 0)) << "a code beyond the codebook";
        ASSERT_FALSE(accepts(highest, place, 0)) << "a sentinel without an escape";
        ASSERT_EQ(accepts(highest, place, 1), sentinels);
        ASSERT_EQ(accepts(0, place, 1), !sentinels) << "an escape without a sentinel";
      }
    }
  }
}

}  // namespace
}  // namespace kvferry::codec
