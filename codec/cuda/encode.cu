#include "codec/cuda/batch_plan.hpp"
#include "codec/cuda/check.hpp"
#include "codec/cuda/encode_kernels.cuh"
#include "codec/cuda/kernel_choice.hpp"
#include "codec/cuda/splitzip_cuda.hpp"
#include "codec/cuda/upload.hpp"

#include <cuda_runtime.h>

#include <atomic>
#include <vector>

namespace kvferry::codec::cuda {
namespace {

using EncodeKernel = void (*)(EncodeLaunch);

EncodeKernel encode_kernel_for(const FrameFormat& format, BookKind book) {
  return with_format(format, [book]<DType kType, std::uint8_t kBits, EscapeMode kMode>(
                                 FormatConstant<kType, kBits, kMode>) {
    return book == BookKind::contiguous
               ? EncodeKernel{encode_kernel<kType, kBits, kMode, BookKind::contiguous>}
               : EncodeKernel{encode_kernel<kType, kBits, kMode, BookKind::any>};
  });
}

}  // namespace

struct EncodeBatch::State {
  DeviceMemory tensors;
  DeviceMemory tensor_of_block;
  DeviceMemory look_back;
  DeviceMemory run;
  DeviceMemory frame_bytes;
  MappedMemory announced;
  EncodeLaunch launch;
  EncodeKernel kernel;
  std::uint32_t blocks;
};

EncodeBatch::EncodeBatch(const FrameFormat& format, std::span<const EncodeTask> tasks)
    : state_(std::make_unique<State>()) {
  const EncodePlan plan = plan_encode(format, tasks);
  State& state = *state_;
  state.tensors = uploaded(plan.tensors);
  state.tensor_of_block = uploaded(plan.tensor_of_block);
  // Look-back words of run 0, which never is.
  state.look_back = uploaded(std::vector<std::uint64_t>(plan.tensor_of_block.size()));
  state.run = uploaded(std::vector<EncodeRun>{{1, 0}});
  state.frame_bytes = uploaded(std::vector<std::uint64_t>(tasks.size()));
  state.announced = MappedMemory(sizeof(std::uint64_t) * tasks.size());
  state.launch = {as_dev<const EncodeTensor>(state.tensors),
                  as_dev<const std::uint32_t>(state.tensor_of_block),
                  as_dev<std::uint64_t>(state.look_back),
                  as_dev<EncodeRun>(state.run),
                  as_dev<std::uint64_t>(state.frame_bytes),
                  reinterpret_cast<std::uint64_t*>(state.announced.data_dev()),
                  static_cast<std::uint32_t>(tasks.size())};
  state.kernel =
      encode_kernel_for(format, plan.has_contiguous_books ? BookKind::contiguous : BookKind::any);
  state.blocks = static_cast<std::uint32_t>(plan.tensor_of_block.size());
}

EncodeBatch::EncodeBatch(EncodeBatch&&) noexcept = default;
EncodeBatch& EncodeBatch::operator=(EncodeBatch&&) noexcept = default;
EncodeBatch::~EncodeBatch() = default;

void EncodeBatch::encode_async(const Stream& stream) {
  if (state_->blocks == 0) return;
  state_->kernel<<<state_->blocks, kThreads, 0, stream.handle()>>>(state_->launch);
  check_cuda(cudaGetLastError());
}

FrameSize EncodeBatch::newest_frame_size(std::size_t tensor) const {
  auto* const words = reinterpret_cast<std::uint64_t*>(state_->announced.data());
  // The device may write it at this moment; bytes and run are in one word.
  const std::uint64_t word =
      std::atomic_ref<std::uint64_t>(words[tensor]).load(std::memory_order_relaxed);
  return {word & ((std::uint64_t{1} << kRunShift) - 1),
          static_cast<std::uint32_t>(word >> kRunShift)};
}

std::uint64_t EncodeBatch::frame_bytes(std::size_t tensor) const {
  return newest_frame_size(tensor).bytes;
}

const std::uint64_t* EncodeBatch::frame_bytes_dev() const {
  return as_dev<const std::uint64_t>(state_->frame_bytes);
}

}  // namespace kvferry::codec::cuda
