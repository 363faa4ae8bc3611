// The unmodified kernels, several tensors in one launch, blocks running at the same time: frames
// are byte for byte those of the CPU codec, and decode to the values.
#include "tests/codec/cuda/emulated_batch.hpp"
#include "tests/codec/cuda/gpu_formats.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

namespace kvferry::codec::cuda {
namespace {

// Whole chunks, tails of all lengths within an octet, a tail that fills 128 bytes of each plane, and
// nothing.
std::vector<Tensor> tensors_of(DType dtype, ValueKind kind, std::uint64_t seed) {
  constexpr std::array<std::size_t, 9> kCounts{8192, 1, 0, 8193, 7, 17'408, 12'345, 131, 24'576};
  std::vector<Tensor> tensors;
  for (const std::size_t count : kCounts)
    tensors.push_back(draw_tensor(dtype, kind, count, seed + count));
  return tensors;
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
      expect_round_trip(batch, kernels_of(format), device,
                        {1 + static_cast<unsigned>(seed % 5), seed});
      ASSERT_FALSE(HasFatalFailure()) << "kind " << static_cast<int>(kind) << ", gaps " << gapped;
      ++seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EmulatedKernels, testing::ValuesIn(kGpuFormats), format_text);

// Longer than the 32 chunks that a look-back sees at once; with the first one held back, the later
// ones look back further.
TEST(EmulatedEncoder, FindsThePlacesOfRecordsOverManyChunksWhateverTheOrder) {
  const FrameFormat format{DType::e4m3, 3, EscapeMode::sentinel};
  emulator::Device device(256);
  const std::vector<Tensor> tensors{
      draw_tensor(format.dtype, ValueKind::gaussian_with_strays, 45 * 8192 + 5),
      draw_tensor(format.dtype, ValueKind::coded_and_raw_chunks, 20 * 8192)};
  const Batch batch(format, tensors, Edge::back,
                    [&](const Tensor& tensor) { return best_codebook(tensor, format); });
  const std::vector<emulator::Schedule> schedules{
      {1, 1}, {3, 2}, {40, 3}, {40, 4, emulator::FirstBlock::held_back}};
  for (const emulator::Schedule& schedule : schedules) {
    EmulatedEncodeBatch encoder(format, batch.encode_tasks());
    ASSERT_EQ(encoder.encode(kernels_of(format), device, schedule), Outcome::finished);
    batch.expect_frames(encoder.frame_bytes());
    ASSERT_FALSE(HasFatalFailure()) << schedule.resident_blocks << " blocks";
  }
}

// Other values in the same memory, with nothing cleared in between, also where the run's number
// starts anew.
TEST(EmulatedEncoder, WritesTheCpusFramesInEveryRunOfABatch) {
  const FrameFormat format{};
  emulator::Device device(256);
  const Batch batch(format, tensors_of(format.dtype, ValueKind::gaussian, 1), Edge::back,
                    [&](const Tensor&) { return contiguous_codebook(format); });
  EmulatedEncodeBatch encoder(format, batch.encode_tasks());
  encoder.continue_with_run(kLastRun - 2);
  for (const std::uint64_t run : {kLastRun - 2, kLastRun - 1, kLastRun, std::uint64_t{1}}) {
    ASSERT_EQ(encoder.run(), run);
    const ValueKind kind =
        run % 2 == 0 ? ValueKind::gaussian_with_strays : ValueKind::coded_and_raw_chunks;
    const std::vector<Tensor> tensors = tensors_of(format.dtype, kind, run);
    const Batch other(format, tensors, Edge::back,
                      [&](const Tensor&) { return contiguous_codebook(format); });
    for (std::size_t i = 0; i < tensors.size(); ++i)
      std::copy(tensors[i].begin(), tensors[i].end(), batch.values[i]->data());
    ASSERT_EQ(encoder.encode(kernels_of(format), device, {4, run}), Outcome::finished);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      ASSERT_EQ(encoder.frame_bytes()[i], other.expected[i].size());
      ASSERT_EQ(encoder.announced()[i], run << kRunShift | other.expected[i].size());
      ASSERT_TRUE(
          std::equal(other.expected[i].begin(), other.expected[i].end(), batch.frames[i]->data()))
          << "run " << run << ", tensor " << i;
    }
  }
}

// A whole batch in one run, every tensor with its own codebook.
TEST(EmulatedEncoder, TakesACodebookPerTensor) {
  const FrameFormat format{DType::bf16, 4, EscapeMode::sentinel};
  emulator::Device device(256);
  const Batch batch(format, tensors_of(format.dtype, ValueKind::gaussian_with_strays, 5),
                    Edge::front, [&, tensor = 0](const Tensor& values) mutable {
                      if (values.empty() || ++tensor % 2 == 0) return contiguous_codebook(format);
                      return best_codebook(values, format);
                    });
  expect_round_trip(batch, kernels_of(format), device, {3, 5});
}

}  // namespace
}  // namespace kvferry::codec::cuda
