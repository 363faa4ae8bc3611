// Tensors in guarded memory, encoded and decoded by kernels on the emulated device, against the CPU
// codec.
#pragma once

#include "codec/splitzip.hpp"
#include "tests/codec/cuda/emulated_kernels.hpp"
#include "tests/codec/emulator/pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace kvferry::codec::cuda {

using emulator::Edge;
using emulator::GuardedBytes;
using emulator::Outcome;
using Tensor = std::vector<std::byte>;

/// Tensors of one launch with everything around them in guarded memory.
struct Batch {
  FrameFormat format;
  Edge edge;
  std::vector<Codebook> books;
  std::vector<std::unique_ptr<GuardedBytes>> values;
  std::vector<std::unique_ptr<GuardedBytes>> frames;
  std::vector<Tensor> expected;

  Batch(const FrameFormat& frame_format, const std::vector<Tensor>& tensors, Edge at_edge,
        const std::function<Codebook(const Tensor&)>& book_for)
      : format(frame_format), edge(at_edge) {
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

inline void expect_decoded(const Batch& batch, const Kernels& kernels, emulator::Device& device,
                           const emulator::Schedule& schedule) {
  std::vector<std::unique_ptr<GuardedBytes>> frames;
  std::vector<std::unique_ptr<GuardedBytes>> outputs;
  std::vector<DecodeTask> tasks;
  for (std::size_t i = 0; i < batch.expected.size(); ++i) {
    frames.push_back(std::make_unique<GuardedBytes>(batch.expected[i], batch.edge));
    outputs.push_back(std::make_unique<GuardedBytes>(batch.values[i]->size(), batch.edge));
    tasks.push_back({frames[i]->data(), frames[i]->size(), outputs[i]->data(), batch.count(i)});
  }
  const EmulatedDecoding decoding =
      decode_emulated(kernels, device, plan_decode(batch.format, tasks), schedule);
  ASSERT_EQ(decoding.outcome, Outcome::finished);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    ASSERT_EQ(text_of(decoding.results[i].fault), text_of(FrameFault::none)) << "tensor " << i;
    ASSERT_TRUE(std::equal(outputs[i]->data(), outputs[i]->data() + outputs[i]->size(),
                           batch.values[i]->data()))
        << "tensor " << i << " of " << batch.count(i) << " values";
    ASSERT_TRUE(outputs[i]->is_surrounded_by_rubbish()) << "tensor " << i;
  }
}

inline void expect_round_trip(const Batch& batch, const Kernels& kernels, emulator::Device& device,
                              const emulator::Schedule& schedule) {
  EmulatedEncodeBatch encoder(batch.format, batch.encode_tasks());
  ASSERT_EQ(encoder.encode(kernels, device, schedule), Outcome::finished);
  batch.expect_frames(encoder.frame_bytes());
  if (testing::Test::HasFatalFailure()) return;
  expect_decoded(batch, kernels, device, schedule);
}

inline Codebook gapped_codebook(const FrameFormat& format) {
  const unsigned exponents = 1U << exponent_bits(format.dtype);
  std::vector<std::uint8_t> entries{0};
  for (unsigned e = exponents / 2 - 4; entries.size() < max_codebook_size(format) && e < exponents;
       ++e) {
    if (e != exponents / 2) entries.push_back(static_cast<std::uint8_t>(e));
  }
  return Codebook(entries);
}

inline Codebook contiguous_codebook(const FrameFormat& format) {
  const std::size_t exponents = std::size_t{1} << exponent_bits(format.dtype);
  const std::size_t size = max_codebook_size(format);
  const std::size_t first = exponents == size ? 0 : exponents / 2 - size / 2 - 1;
  std::vector<std::uint8_t> entries;
  for (std::size_t i = 0; i < size; ++i) entries.push_back(static_cast<std::uint8_t>(first + i));
  return Codebook(entries);
}

}  // namespace kvferry::codec::cuda
