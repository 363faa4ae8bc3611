// Batches as the kernels want them, made on the host without a device: what encode.cu and decode.cu
// upload, and what tests run the kernels on without a GPU.
#pragma once

#include "codec/cuda/device_tasks.hpp"
#include "codec/cuda/splitzip_cuda.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::codec::cuda {

struct EncodePlan {
  std::vector<EncodeTensor> tensors;
  std::vector<std::uint32_t> tensor_of_block;  ///< empty: nothing to launch
  bool has_contiguous_books;                   ///< all of them: the fast path
};
/// @pre what EncodeTask says
EncodePlan plan_encode(const FrameFormat& format, std::span<const EncodeTask> tasks);

struct DecodePlan {
  std::vector<DecodeTensor> tensors;
  std::vector<std::uint32_t> tensor_of_block;
};
/// @pre what DecodeTask says
DecodePlan plan_decode(const FrameFormat& format, std::span<const DecodeTask> tasks);

/// What a verdict of the kernels says.
DecodeResult result_of(std::uint64_t verdict);

}  // namespace kvferry::codec::cuda
