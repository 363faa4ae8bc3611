// Frames that nobody's encoder wrote, decoded by kernels on the emulated device in guarded memory,
// against the verdicts of the CPU codec.
#pragma once

#include "codec/splitzip.hpp"
#include "sim/base/random.hpp"
#include "tests/codec/cuda/emulated_kernels.hpp"
#include "tests/codec/emulator/pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace kvferry::codec::cuda {

using emulator::Edge;
using emulator::GuardedBytes;
using emulator::Outcome;
using Frame = std::vector<std::byte>;

/// What the receiver of a frame expects.
struct Expectation {
  FrameFormat format;
  std::uint64_t count;
};

// A frame of another format or count than expected is an invalid field, as soon as its hash holds.
inline DecodeResult expected_result(const Frame& frame, const Expectation& expected) {
  FrameHeader header{};
  if (frame.size() >= sizeof header) {
    std::memcpy(&header, frame.data(), sizeof header);
    FrameContents contents{};
    const FrameFault fault = check_header(frame, contents);
    const bool hash_holds = fault != FrameFault::bad_magic &&
                            fault != FrameFault::unsupported_version &&
                            fault != FrameFault::header_hash_mismatch;
    const FrameHeader wanted = frame_header(frame_layout(expected.count, expected.format), {}, 0);
    const bool same =
        header.dtype == wanted.dtype && header.code_bits == wanted.code_bits &&
        header.chunk_log2 == wanted.chunk_log2 && header.escape_mode == wanted.escape_mode &&
        header.checksum_kind == wanted.checksum_kind && header.value_count == wanted.value_count;
    if (hash_holds && !same) return {FrameFault::invalid_field, 0};
  }
  std::vector<std::byte> values(expected.count * bytes_per_value(expected.format.dtype));
  return decode(frame, std::span(values));
}

/// Frames decoded in one launch, each beside a guard page.
inline void expect_the_cpus_verdicts(const std::vector<Frame>& frames, const Expectation& expected,
                                     const Kernels& kernels, std::uint64_t seed) {
  emulator::Device device(256);
  std::vector<std::unique_ptr<GuardedBytes>> inputs;
  std::vector<std::unique_ptr<GuardedBytes>> outputs;
  std::vector<DecodeTask> tasks;
  const std::size_t width = bytes_per_value(expected.format.dtype);
  for (const Frame& frame : frames) {
    const Edge edge = tasks.size() % 2 == 0 ? Edge::back : Edge::front;
    inputs.push_back(std::make_unique<GuardedBytes>(frame, edge));
    outputs.push_back(std::make_unique<GuardedBytes>(width * expected.count, edge));
    tasks.push_back({inputs.back()->data(), frame.size(), outputs.back()->data(), expected.count});
  }
  const EmulatedDecoding found =
      decode_emulated(kernels, device, plan_decode(expected.format, tasks),
                      {1 + static_cast<unsigned>(seed % 4), seed});
  ASSERT_EQ(found.outcome, Outcome::finished);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const DecodeResult wanted = expected_result(frames[i], expected);
    ASSERT_EQ(text_of(found.results[i].fault), text_of(wanted.fault)) << "frame " << i;
    ASSERT_EQ(found.results[i].chunk, wanted.chunk) << "frame " << i;
    ASSERT_TRUE(outputs[i]->is_surrounded_by_rubbish()) << "frame " << i;
    if (wanted.fault != FrameFault::none) continue;
    Frame values(outputs[i]->size());
    ASSERT_EQ(decode(frames[i], std::span(values)).fault, FrameFault::none);
    ASSERT_TRUE(std::equal(values.begin(), values.end(), outputs[i]->data())) << "frame " << i;
  }
}

inline void rehash(Frame& frame) {
  FrameHeader header{};
  std::memcpy(&header, frame.data(), sizeof header);
  header.hash = header_hash(header);
  std::memcpy(frame.data(), &header, sizeof header);
}

// A few bits or bytes anywhere from `first` to `end`.
inline Frame with_changes(Frame frame, std::size_t first, std::size_t end, RandomStream& random) {
  for (std::uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
    std::byte& place = frame[first + random.below(end - first)];
    place = random.below(2) == 0 ? static_cast<std::byte>(random.next_word())
                                 : place ^ static_cast<std::byte>(1U << random.below(8));
  }
  return frame;
}

inline Codebook small_codebook(const FrameFormat& format) {
  const unsigned middle = (1U << exponent_bits(format.dtype)) / 2;
  std::vector<std::uint8_t> entries;
  for (unsigned i = 0; i < 5; ++i) entries.push_back(static_cast<std::uint8_t>(middle - 4 + i));
  return Codebook(entries);
}

/// A section of the frame whose bytes are changed.
struct Target {
  std::size_t first;
  std::size_t end;
  bool rehashed;
};

inline std::vector<Target> targets_in(const Frame& frame, const FrameLayout& layout) {
  std::vector<Target> targets{{0, sizeof(FrameHeader), false},
                              {8, sizeof(FrameHeader), true},
                              {32, 49, true},
                              {112, 124, true},
                              {layout.directory, layout.directory + 8 * layout.chunk_count, true},
                              {layout.directory, layout.sign_mantissa.low, true},
                              {layout.sign_mantissa.low, layout.escapes, true},
                              {layout.codes.low, layout.escapes, true},
                              {layout.escapes - 128, layout.escapes, true}};
  if (frame.size() > layout.escapes) {
    targets.push_back({layout.escapes, frame.size(), true});
    targets.push_back({layout.escapes, std::min(frame.size(), layout.escapes + 40), true});
    targets.push_back({frame.size() - 4, frame.size(), true});
  }
  return targets;
}

inline Frame mutant_of(const Frame& frame, const FrameLayout& layout, RandomStream& random) {
  const std::vector<Target> targets = targets_in(frame, layout);
  const Target& target = targets[random.below(targets.size())];
  Frame mutant = with_changes(frame, target.first, target.end, random);
  if (target.rehashed) rehash(mutant);
  if (random.below(10) == 0) mutant.resize(random.below(mutant.size()) / 2 * 2);
  return mutant;
}

}  // namespace kvferry::codec::cuda
