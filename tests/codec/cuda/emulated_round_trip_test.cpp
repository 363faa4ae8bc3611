// The unmodified kernels, several tensors in one launch, blocks running at the same time: frames
// are byte for byte those of the CPU codec, and decode to the values.
#include "codec/splitzip.hpp"
#include "tests/codec/cuda/emulated_kernels.hpp"
#include "tests/codec/cuda/gpu_formats.hpp"
#include "tests/codec/emulator/pages.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>

namespace kvferry::codec::cuda {
namespace {

using emulator::Edge;
using emulator::GuardedBytes;
using emulator::Outcome;
using Tensor = std::vector<std::byte>;

/// Tensors of one launch with everything around them in guarded memory.
struct Batch {
  FrameFormat format;
  std::vector<Codebook> books;
  std::vector<std::unique_ptr<GuardedBytes>> values;
  std::vector<std::unique_ptr<GuardedBytes>> frames;
  std::vector<Tensor> expected;

  Batch(const FrameFormat& frame_format, const std::vector<Tensor>& tensors, Edge edge,
        const std::function<Codebook(const Tensor&)>& book_for)
      : format(frame_format) {
    for (const Tensor& tensor : tensors) {
      const std::uint64_t count = tensor.size() / bytes_per_value(format.dtype);
      books.push_back(book_for(tensor));
      values.push_back(std::make_unique<GuardedBytes>(tensor, edge));
      frames.push_back(
          std::make_unique<GuardedBytes>(frame_bound(frame_layout(count, format)), edge));
      expected.push_back(encode(tensor, {books.back(), format, tag(expected.size())}));
    }
  }

  static std::uint64_t tag(std::size_t tensor) { return 7 + (std::uint64_t{tensor} << 40); }

  std::uint64_t count(std::size_t tensor) const {
    return values[tensor]->size() / bytes_per_value(format.dtype);
  }

  std::vector<EncodeTask> encode_tasks() const {
    std::vector<EncodeTask> tasks;
    for (std::size_t i = 0; i < values.size(); ++i) {
      tasks.push_back(
          {values[i]->data(), count(i), frames[i]->data(), frames[i]->size(), books[i], tag(i)});
    }
    return tasks;
  }

  void expect_frames(const std::vector<std::uint64_t>& sizes) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(sizes[i], expected[i].size()) << "tensor " << i;
      const std::byte* const found = frames[i]->data();
      const auto [at, other] = std::mismatch(expected[i].begin(), expected[i].end(), found);
      ASSERT_TRUE(at == expected[i].end())
          << "tensor " << i << " of " << count(i) << " values, byte " << other - found;
      ASSERT_TRUE(frames[i]->is_surrounded_by_rubbish()) << "tensor " << i;
    }
  }
};

void expect_decoded(const Batch& batch, emulator::Device& device, Edge edge,
                    const emulator::Schedule& schedule) {
  std::vector<std::unique_ptr<GuardedBytes>> frames;
  std::vector<std::unique_ptr<GuardedBytes>> outputs;
  std::vector<DecodeTask> tasks;
  for (std::size_t i = 0; i < batch.expected.size(); ++i) {
    frames.push_back(std::make_unique<GuardedBytes>(batch.expected[i], edge));
    outputs.push_back(std::make_unique<GuardedBytes>(batch.values[i]->size(), edge));
    tasks.push_back({frames[i]->data(), frames[i]->size(), outputs[i]->data(), batch.count(i)});
  }
  const EmulatedDecoding decoding = decode_emulated(device, batch.format, tasks, schedule);
  ASSERT_EQ(decoding.outcome, Outcome::finished);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    ASSERT_EQ(text_of(decoding.results[i].fault), text_of(FrameFault::none)) << "tensor " << i;
    ASSERT_TRUE(std::equal(outputs[i]->data(), outputs[i]->data() + outputs[i]->size(),
                           batch.values[i]->data()))
        << "tensor " << i << " of " << batch.count(i) << " values";
    ASSERT_TRUE(outputs[i]->is_surrounded_by_rubbish()) << "tensor " << i;
  }
}

void expect_round_trip(Batch& batch, emulator::Device& device, Edge edge,
                       const emulator::Schedule& schedule) {
  EmulatedEncodeBatch encoder(batch.format, batch.encode_tasks());
  ASSERT_EQ(encoder.encode(device, schedule), Outcome::finished);
  batch.expect_frames(encoder.frame_bytes());
  if (testing::Test::HasFatalFailure()) return;
  expect_decoded(batch, device, edge, schedule);
}

// Whole chunks, tails of all lengths within an octet, a tail that fills 128 bytes of each plane, and
// nothing.
std::vector<Tensor> tensors_of(DType dtype, ValueKind kind, std::uint64_t seed) {
  constexpr std::array<std::size_t, 9> kCounts{8192, 1, 0, 8193, 7, 17'408, 12'345, 131, 24'576};
  std::vector<Tensor> tensors;
  for (const std::size_t count : kCounts)
    tensors.push_back(draw_tensor(dtype, kind, count, seed + count));
  return tensors;
}

Codebook gapped_codebook(const FrameFormat& format) {
  const unsigned exponents = 1U << exponent_bits(format.dtype);
  std::vector<std::uint8_t> entries{0};
  for (unsigned e = exponents / 2 - 4; entries.size() < max_codebook_size(format) && e < exponents;
       ++e) {
    if (e != exponents / 2) entries.push_back(static_cast<std::uint8_t>(e));
  }
  return Codebook(entries);
}

Codebook contiguous_codebook(const FrameFormat& format) {
  const std::size_t exponents = std::size_t{1} << exponent_bits(format.dtype);
  const std::size_t size = max_codebook_size(format);
  const std::size_t first = exponents == size ? 0 : exponents / 2 - size / 2 - 1;
  std::vector<std::uint8_t> entries;
  for (std::size_t i = 0; i < size; ++i) entries.push_back(static_cast<std::uint8_t>(first + i));
  return Codebook(entries);
}

class EmulatedKernels : public testing::TestWithParam<FrameFormat> {};

TEST_P(EmulatedKernels, WriteTheCpusFramesOfEveryKindOfTensorAndReadThemBack) {
  const FrameFormat format = GetParam();
  emulator::Device device(256);
  std::uint64_t seed = 1;
  for (const ValueKind kind : kAllValueKinds) {
    for (const bool gapped : {false, true}) {
      const Edge edge = seed % 2 == 0 ? Edge::front : Edge::back;
      Batch batch(format, tensors_of(format.dtype, kind, seed), edge, [&](const Tensor&) {
        return gapped ? gapped_codebook(format) : contiguous_codebook(format);
      });
      expect_round_trip(batch, device, edge, {1 + static_cast<unsigned>(seed % 5), seed});
      ASSERT_FALSE(HasFatalFailure()) << "kind " << static_cast<int>(kind) << ", gaps " << gapped;
      ++seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EmulatedKernels, testing::ValuesIn(kGpuFormats), format_text);

}  // namespace
}  // namespace kvferry::codec::cuda
