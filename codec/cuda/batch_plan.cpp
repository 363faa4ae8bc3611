#include "codec/cuda/batch_plan.hpp"

#include "codec/cuda/chunk_shape.hpp"
#include "codec/header_hash.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace kvferry::codec::cuda {
namespace {

[[maybe_unused]] bool is_aligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
}

FrameSections sections_of(const FrameLayout& layout) {
  return {layout.sign_mantissa, layout.codes, layout.escapes};
}

// Appends the tensor's blocks to the map.
BlockRange add_blocks(std::uint32_t chunk_count, std::vector<std::uint32_t>& tensor_of_block,
                      std::size_t tensor) {
  const BlockRange range{static_cast<std::uint32_t>(tensor_of_block.size()), chunk_count};
  tensor_of_block.resize(tensor_of_block.size() + std::max(chunk_count, 1U),
                         static_cast<std::uint32_t>(tensor));
  return range;
}

void copy_static_words(const FrameHeader& header, std::uint32_t (&words)[kStaticHeaderWords]) {
  std::memcpy(words, &header, sizeof words);
}

bool is_contiguous(std::span<const std::uint8_t> exponents) {
  return std::size_t{exponents.back()} - exponents.front() + 1 == exponents.size();
}

std::uint32_t hash_of(const std::uint32_t (&words)[kStaticHeaderWords]) {
  std::uint32_t hash = kHeaderHashSeed;
  for (const std::uint32_t word : words) hash = hash_word(hash, word);
  return hash;
}

}  // namespace

bool is_supported_on_gpu(const FrameFormat& format) {
  return is_supported(format) && format.chunk_log2 == kChunkLog2 &&
         format.checksum == ChecksumKind::none;
}

EncodePlan plan_encode(const FrameFormat& format, std::span<const EncodeTask> tasks) {
  assert(is_supported_on_gpu(format));
  EncodePlan plan{{}, {}, true};
  for (const EncodeTask& task : tasks) {
    const FrameLayout layout = frame_layout(task.value_count, format);
    const std::span<const std::uint8_t> exponents = task.codebook.exponents();
    assert(task.value_count <= kMaxValueCount && exponents.size() <= max_codebook_size(format));
    assert(is_aligned(task.values_dev) && is_aligned(task.frame_dev));
    assert(task.frame_capacity >= frame_bound(layout));
    EncodeTensor tensor{};
    tensor.values = task.values_dev;
    tensor.frame = task.frame_dev;
    tensor.value_count = task.value_count;
    tensor.sections = sections_of(layout);
    tensor.blocks = add_blocks(layout.chunk_count, plan.tensor_of_block, plan.tensors.size());
    tensor.book = contiguous_book(exponents.front(), static_cast<std::uint32_t>(exponents.size()));
    copy_static_words(frame_header(layout, exponents, task.user_tag), tensor.header);
    tensor.hash = hash_of(tensor.header);
    plan.has_contiguous_books = plan.has_contiguous_books && is_contiguous(exponents);
    plan.tensors.push_back(tensor);
  }
  return plan;
}

DecodePlan plan_decode(const FrameFormat& format, std::span<const DecodeTask> tasks) {
  assert(is_supported_on_gpu(format));
  DecodePlan plan;
  for (const DecodeTask& task : tasks) {
    assert(task.value_count <= kMaxValueCount);
    assert(is_aligned(task.values_dev) && is_aligned(task.frame_dev));
    const FrameLayout layout = frame_layout(task.value_count, format);
    DecodeTensor tensor{};
    tensor.frame = task.frame_dev;
    tensor.values = task.values_dev;
    tensor.value_count = task.value_count;
    tensor.frame_capacity = task.frame_capacity;
    tensor.frame_bytes = task.frame_bytes_dev;
    tensor.largest_escape_bytes = frame_bound(layout) - layout.escapes;
    tensor.sections = sections_of(layout);
    tensor.blocks = add_blocks(layout.chunk_count, plan.tensor_of_block, plan.tensors.size());
    copy_static_words(frame_header(layout, {}, 0), tensor.header);
    plan.tensors.push_back(tensor);
  }
  return plan;
}

DecodeResult result_of(std::uint64_t verdict) {
  if (verdict == kNoFault) return {};
  const auto phase = static_cast<CheckPhase>(verdict >> 56);
  const bool in_a_chunk = phase == CheckPhase::directory || phase == CheckPhase::chunk;
  return {static_cast<FrameFault>(verdict & 0xffU),
          in_a_chunk ? static_cast<std::uint32_t>(verdict >> 16) : 0};
}

}  // namespace kvferry::codec::cuda
