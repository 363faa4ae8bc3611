// Would the tests notice a fault of the kernels? Each mutant goes through the checks of the other
// tests in a process of its own, because some end at a guard page.
#include "tests/codec/cuda/mutants.hpp"

#include "tests/codec/cuda/emulated_batch.hpp"
#include "tests/codec/cuda/hostile_frames.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kvferry::codec::cuda {
namespace {

constexpr FrameFormat kPositional{DType::bf16, 4, EscapeMode::positional};
constexpr FrameFormat kSentinel{DType::bf16, 3, EscapeMode::sentinel};

std::vector<Tensor> some_tensors(ValueKind kind, std::uint64_t seed) {
  std::vector<Tensor> tensors;
  for (const std::size_t count : {20'000U, 1U, 35U * 8192U, 8193U, 500U})
    tensors.push_back(draw_tensor(DType::bf16, kind, count, seed + count));
  return tensors;
}

// Two runs of one batch, the second one on other values.
void check_runs(const Kernels& kernels, const FrameFormat& format, std::uint64_t seed) {
  emulator::Device device(256);
  const auto book_for = [&](const Tensor&) {
    return seed % 2 == 0 ? contiguous_codebook(format) : gapped_codebook(format);
  };
  const Batch first(format, some_tensors(ValueKind::gaussian_with_strays, seed), Edge::back,
                    book_for);
  const Batch second(format, some_tensors(ValueKind::coded_and_raw_chunks, seed), Edge::back,
                     book_for);
  EmulatedEncodeBatch encoder(format, first.encode_tasks());
  ASSERT_EQ(encoder.encode(kernels, device, {5, seed}), Outcome::finished);
  first.expect_frames(encoder.frame_bytes());
  ASSERT_EQ(encoder.run(), 2U);
  for (std::size_t i = 0; i < second.values.size(); ++i)
    std::copy_n(second.values[i]->data(), second.values[i]->size(), first.values[i]->data());
  ASSERT_EQ(encoder.encode(kernels, device, {5, seed + 1}), Outcome::finished);
  for (std::size_t i = 0; i < second.values.size(); ++i) {
    ASSERT_TRUE(
        std::equal(second.expected[i].begin(), second.expected[i].end(), first.frames[i]->data()));
  }
  expect_decoded(second, kernels, device, {3, seed});
}

// Positions of a record exchanged, the last one far outside, and the end cut off.
std::vector<Frame> directed_frames(const Frame& frame, const FrameLayout& layout) {
  const auto at = [&](Frame& changed, std::size_t offset) {
    return changed.begin() + static_cast<std::ptrdiff_t>(layout.escapes + offset);
  };
  Frame exchanged = frame;
  std::swap_ranges(at(exchanged, 0), at(exchanged, 2), at(exchanged, 2));
  Frame outside = frame;
  std::fill(at(outside, 0), at(outside, 2), std::byte{0xff});
  Frame cut = frame;
  cut.resize(layout.escapes);
  return {exchanged, outside, cut};
}

void check_hostile_frames(const Kernels& kernels, const FrameFormat& format) {
  constexpr std::size_t kCount = 8192 + 1501;
  RandomStream random(1, "mutants");
  const auto tensor = draw_tensor(format.dtype, ValueKind::gaussian_with_strays, kCount);
  const Frame frame = encode(tensor, {contiguous_codebook(format), format});
  const FrameLayout layout = frame_layout(kCount, format);
  std::vector<Frame> frames = directed_frames(frame, layout);
  for (int i = 0; i < 60; ++i) frames.push_back(mutant_of(frame, layout, random));
  expect_the_cpus_verdicts(frames, {format, kCount}, kernels, 1);
}

// With the first chunk held back, later ones look back over more than 32 that know their length only.
void check_long_look_back(const Kernels& kernels, const FrameFormat& format) {
  emulator::Device device(256);
  const Tensor tensor = draw_tensor(format.dtype, ValueKind::gaussian_with_strays, 45 * 8192);
  const Batch batch(format, {tensor}, Edge::back,
                    [&](const Tensor&) { return contiguous_codebook(format); });
  EmulatedEncodeBatch encoder(format, batch.encode_tasks());
  ASSERT_EQ(encoder.encode(kernels, device, {40, 1, emulator::FirstBlock::held_back}),
            Outcome::finished);
  batch.expect_frames(encoder.frame_bytes());
}

void check_everything(const Mutant& mutant) {
  for (std::uint64_t seed = 1; seed <= 4 && !testing::Test::HasFailure(); ++seed) {
    check_runs(mutant.positional, kPositional, seed);
    check_runs(mutant.sentinel, kSentinel, seed);
  }
  check_long_look_back(mutant.positional, kPositional);
  check_hostile_frames(mutant.positional, kPositional);
  check_hostile_frames(mutant.sentinel, kSentinel);
}

// A failed check or a signal; what the child prints would only confuse.
bool is_noticed(const Mutant& mutant) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    check_everything(mutant);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

TEST(Mutants, AreNoticedAndTheUnchangedKernelsAreNot) {
  for (const Mutant& mutant : mutants())
    EXPECT_EQ(is_noticed(mutant), mutant.name != "unchanged") << mutant.name;
}

}  // namespace
}  // namespace kvferry::codec::cuda
