// Whole frames: every instruction set writes the scalar code's bytes and gives its verdicts.
#include "codec/splitzip.hpp"
#include "tests/codec/exact_bytes.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/instruction_sets.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <string>

namespace kvferry::codec {
namespace {

using Tensor = std::vector<std::byte>;

constexpr Execution kScalar{.instructions = InstructionSet::scalar};

void expect_same_frame(const Tensor& tensor, const EncodeParameters& parameters,
                       const Execution& execution) {
  const auto expected = encode(tensor, parameters, kScalar);
  ExactBytes values(tensor, 1);
  const auto found = encode(TensorBytes(values.span()), parameters, execution);
  ASSERT_TRUE(found == expected) << name_of(execution.instructions);
  ExactBytes frame(expected, 2);
  ExactBytes out(tensor.size(), 3);
  const DecodeResult result = decode(frame.span(), out.span(), execution);
  ASSERT_EQ(text_of(result.fault), text_of(FrameFault::none)) << name_of(execution.instructions);
  ASSERT_TRUE(out.copy() == tensor) << name_of(execution.instructions);
}

std::vector<Codebook> codebooks_for(const Tensor& tensor, const FrameFormat& format) {
  const std::size_t size = max_codebook_size(format);
  const unsigned exponents = 1U << exponent_bits(format.dtype);
  std::vector<std::uint8_t> scattered;
  for (std::size_t i = 0; i < size; ++i) {
    scattered.push_back(static_cast<std::uint8_t>(i * (exponents - 1) / (size - 1)));
  }
  if (scattered.size() == exponents) scattered.pop_back();
  const std::vector<std::uint8_t> alone{static_cast<std::uint8_t>(exponents / 2)};
  return {best_codebook(tensor, format), Codebook(scattered), Codebook(alone)};
}

Tensor every_pattern() {
  std::vector<std::uint16_t> patterns(65'536);
  std::iota(patterns.begin(), patterns.end(), std::uint16_t{0});
  const auto bytes = std::as_bytes(std::span(patterns));
  return {bytes.begin(), bytes.end()};
}

TEST(InstructionSets, WriteTheSameFrameOfEveryPattern) {
  const Tensor tensor = every_pattern();
  for (const InstructionSet set : available_instruction_sets()) {
    for (const FrameFormat& format : kAllFormats) {
      for (const Codebook& codebook : codebooks_for(tensor, format)) {
        expect_same_frame(tensor, {codebook, format}, {.instructions = set});
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(InstructionSets, WriteTheSameFrameOfEveryKindOfTensorWithAnyThreads) {
  for (const InstructionSet set : available_instruction_sets()) {
    for (const FrameFormat& format : kAllFormats) {
      for (const ValueKind kind : kAllValueKinds) {
        const Tensor tensor = draw_tensor(format.dtype, kind, 140'021);
        const EncodeParameters parameters{best_codebook(tensor, format), format, 9};
        expect_same_frame(tensor, parameters, {.instructions = set});
        expect_same_frame(tensor, parameters, {.threads = 3, .instructions = set});
        if (HasFatalFailure()) return;
      }
    }
  }
}

// The exponent e of the format, sign and mantissa from `bits`.
void put_value(Tensor& tensor, DType dtype, std::size_t index, NumberParts parts) {
  if (dtype == DType::bf16) {
    const std::uint16_t bits = join<DType::bf16>(parts);
    std::memcpy(tensor.data() + 2 * index, &bits, 2);
  } else {
    tensor[index] = static_cast<std::byte>(dtype == DType::e5m2 ? join<DType::e5m2>(parts)
                                                                : join<DType::e4m3>(parts));
  }
}

// Exponents 4, 5 and 6 have codes, 9 to 12 have none.
Tensor tensor_with_escapes(const FrameFormat& format, std::size_t count, std::size_t escapes) {
  RandomStream random(escapes, "places of escapes");
  Tensor tensor(count * bytes_per_value(format.dtype));
  std::size_t left = escapes;
  for (std::size_t i = 0; i < count; ++i) {
    const bool escaped = random.below(count - i) < left;
    if (escaped) --left;
    const std::uint64_t word = random.next_word();
    const auto exponent = static_cast<std::uint8_t>(escaped ? 9 + word % 4 : 4 + word % 3);
    put_value(tensor, format.dtype, i, {exponent, static_cast<std::uint8_t>(word >> 8)});
  }
  return tensor;
}

// The fewest escapes that make a chunk raw.
std::uint32_t raw_threshold(const FrameFormat& format, std::uint32_t count) {
  std::uint32_t escapes = 0;
  while (escapes < count && !is_raw_smaller(format, count, escapes)) ++escapes;
  return escapes;
}

TEST(InstructionSets, WriteTheSameFrameAtEveryRateOfEscapes) {
  constexpr std::uint32_t kCount = 1019;
  const std::vector<std::uint8_t> exponents{4, 5, 6};
  for (const InstructionSet set : available_instruction_sets()) {
    for (const FrameFormat& format : kAllFormats) {
      const std::uint32_t threshold = raw_threshold(format, kCount);
      for (const std::uint32_t escapes : {0U, 1U, 2U, 30U, 63U, 64U, 65U, 100U, threshold - 1,
                                          threshold, threshold + 1, kCount}) {
        const Tensor tensor = tensor_with_escapes(format, kCount, std::min(escapes, kCount));
        expect_same_frame(tensor, {Codebook(exponents), format}, {.instructions = set});
        if (HasFatalFailure()) return;
      }
    }
  }
}

Tensor with_a_few_changes(Tensor frame, std::size_t first, RandomStream& random) {
  for (std::uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
    const std::size_t place = first + random.below(frame.size() - first);
    frame[place] ^= static_cast<std::byte>(1U << random.below(8));
  }
  return frame;
}

void expect_same_verdict(const Tensor& frame, std::size_t value_bytes, InstructionSet set) {
  ExactBytes expected(value_bytes);
  ExactBytes found(value_bytes);
  const ExactBytes exact(frame);
  const std::span<const std::byte> bytes{exact.data(), frame.size()};
  const DecodeResult scalar = decode(bytes, expected.span(), kScalar);
  const DecodeResult vector = decode(bytes, found.span(), {.instructions = set});
  ASSERT_EQ(text_of(vector.fault), text_of(scalar.fault)) << name_of(set);
  ASSERT_EQ(vector.chunk, scalar.chunk) << name_of(set);
  if (scalar.fault != FrameFault::none) return;
  ASSERT_TRUE(found.copy() == expected.copy()) << name_of(set);
}

// Behind the directory, so that what is refused is refused for what its chunk holds.
TEST(InstructionSets, GiveTheSameVerdictOnCorruptedChunks) {
  RandomStream random(1, "corrupted chunks");
  const std::vector<std::uint8_t> exponents{4, 5, 6};
  constexpr std::size_t kCount = 3500;
  for (const InstructionSet set : available_instruction_sets()) {
    for (FrameFormat format : kAllFormats) {
      format.chunk_log2 = kMinChunkLog2;
      const Tensor tensor = tensor_with_escapes(format, kCount, 200);
      const Tensor frame = encode(tensor, {Codebook(exponents), format}, kScalar);
      const FrameLayout layout = frame_layout(kCount, format);
      for (int i = 0; i < 300; ++i) {
        const bool has_records = frame.size() > layout.escapes;
        const std::size_t first =
            has_records && i % 2 == 0 ? layout.escapes : layout.sign_mantissa.low;
        expect_same_verdict(with_a_few_changes(frame, first, random), tensor.size(), set);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(InstructionSets, TheBestOneIsAvailable) {
  EXPECT_TRUE(is_available(InstructionSet::scalar));
  EXPECT_TRUE(is_available(best_instruction_set()));
}

}  // namespace
}  // namespace kvferry::codec
