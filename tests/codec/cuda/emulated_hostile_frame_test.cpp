// The decoder's verdicts on frames that nobody's encoder wrote are those of the CPU codec, fault and
// chunk, and it touches nothing but its buffers.
#include "tests/codec/cuda/gpu_formats.hpp"
#include "tests/codec/cuda/hostile_frames.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

namespace kvferry::codec::cuda {
namespace {

class EmulatedHostileFrames : public testing::TestWithParam<FrameFormat> {};

TEST_P(EmulatedHostileFrames, GetTheCpusVerdictWhereverTheyAreChanged) {
  const FrameFormat format = GetParam();
  RandomStream random(1, "mutants");
  constexpr std::size_t kCount = 2 * 8192 + 1501;
  const FrameLayout layout = frame_layout(kCount, format);
  for (const ValueKind kind :
       {ValueKind::gaussian_with_strays, ValueKind::coded_and_raw_chunks, ValueKind::all_zero}) {
    for (const bool small : {false, true}) {
      const auto tensor = draw_tensor(format.dtype, kind, kCount);
      const Codebook book = small ? small_codebook(format) : best_codebook(tensor, format);
      const Frame frame = encode(tensor, {book, format});
      std::vector<Frame> mutants;
      for (int i = 0; i < 50; ++i) mutants.push_back(mutant_of(frame, layout, random));
      expect_the_cpus_verdicts(mutants, {format, kCount}, kernels_of(format), random.next_word());
      ASSERT_FALSE(HasFatalFailure()) << "kind " << static_cast<int>(kind) << ", small " << small;
    }
  }
}

TEST_P(EmulatedHostileFrames, AreRefusedAtEveryLength) {
  const FrameFormat format = GetParam();
  constexpr std::size_t kCount = 8192 + 77;
  const auto tensor = draw_tensor(format.dtype, ValueKind::gaussian_with_strays, kCount);
  Frame frame = encode(tensor, {best_codebook(tensor, format), format});
  std::vector<Frame> cuts;
  for (std::size_t size = 0; size < frame.size(); size += size < 200 ? 19 : 1117)
    cuts.emplace_back(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
  cuts.emplace_back(frame.begin(), frame.end() - 1);
  cuts.push_back(frame);
  frame.push_back(std::byte{0});
  cuts.push_back(frame);
  expect_the_cpus_verdicts(cuts, {format, kCount}, kernels_of(format), 3);
}

INSTANTIATE_TEST_SUITE_P(Formats, EmulatedHostileFrames, testing::ValuesIn(kGpuFormats),
                         format_text);

// Its header and directory promise more than it has, and it lies between others.
TEST(EmulatedHostileFrame, MayNotPointBehindItself) {
  const FrameFormat format{};
  const auto tensor = draw_tensor(format.dtype, ValueKind::random_bits, 8192);
  const Frame good = encode(tensor, {best_codebook(tensor, format), format});
  Frame lying = good;
  const std::uint64_t huge = ~std::uint64_t{3};
  std::memcpy(lying.data() + 112, &huge, 8);
  const std::uint64_t entry = 0x7fffffffU | std::uint64_t{kRawChunk} << 48;
  std::memcpy(lying.data() + 128, &entry, 8);
  rehash(lying);
  expect_the_cpus_verdicts({good, lying, good}, {format, 8192}, kernels_of(format), 1);
}

TEST(EmulatedHostileFrame, OfAnotherFormatOrCountIsAnInvalidField) {
  const FrameFormat expected{DType::bf16, 4, EscapeMode::sentinel};
  std::vector<Frame> frames;
  for (const FrameFormat& format : kAllFormats) {
    const auto tensor = draw_tensor(format.dtype, ValueKind::gaussian, 9000);
    frames.push_back(encode(tensor, {best_codebook(tensor, format), format}));
  }
  const auto longer = draw_tensor(expected.dtype, ValueKind::gaussian, 9001);
  frames.push_back(encode(longer, {best_codebook(longer, expected), expected}));
  expect_the_cpus_verdicts(frames, {expected, 9000}, kernels_of(expected), 1);
}

}  // namespace
}  // namespace kvferry::codec::cuda
