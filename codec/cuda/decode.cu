#include "codec/cuda/batch_plan.hpp"
#include "codec/cuda/check.hpp"
#include "codec/cuda/decode_kernels.cuh"
#include "codec/cuda/kernel_choice.hpp"
#include "codec/cuda/splitzip_cuda.hpp"
#include "codec/cuda/upload.hpp"

#include <cuda_runtime.h>

#include <vector>

namespace kvferry::codec::cuda {
namespace {

using DecodeKernel = void (*)(DecodeLaunch);

DecodeKernel decode_kernel_for(const FrameFormat& format) {
  return with_format(format, []<DType kType, std::uint8_t kBits, EscapeMode kMode>(
                                 FormatConstant<kType, kBits, kMode>) {
    return DecodeKernel{decode_kernel<kType, kBits, kMode>};
  });
}

}  // namespace

struct DecodeBatch::State {
  DeviceMemory tensors;
  DeviceMemory tensor_of_block;
  DeviceMemory verdicts;
  DecodeLaunch launch;
  DecodeKernel kernel;
  std::uint32_t blocks;
};

DecodeBatch::DecodeBatch(const FrameFormat& format, std::span<const DecodeTask> tasks)
    : state_(std::make_unique<State>()) {
  const DecodePlan plan = plan_decode(format, tasks);
  State& state = *state_;
  state.tensors = uploaded(plan.tensors);
  state.tensor_of_block = uploaded(plan.tensor_of_block);
  state.verdicts = uploaded(std::vector<std::uint64_t>(tasks.size(), kNoFault));
  state.launch = {as_dev<const DecodeTensor>(state.tensors),
                  as_dev<const std::uint32_t>(state.tensor_of_block),
                  as_dev<std::uint64_t>(state.verdicts)};
  state.kernel = decode_kernel_for(format);
  state.blocks = static_cast<std::uint32_t>(plan.tensor_of_block.size());
}

DecodeBatch::DecodeBatch(DecodeBatch&&) noexcept = default;
DecodeBatch& DecodeBatch::operator=(DecodeBatch&&) noexcept = default;
DecodeBatch::~DecodeBatch() = default;

void DecodeBatch::decode_async(const Stream& stream) {
  if (state_->blocks == 0) return;
  static_assert(kNoFault == ~std::uint64_t{0});
  check_cuda(
      cudaMemsetAsync(state_->verdicts.data_dev(), 0xff, state_->verdicts.size(), stream.handle()));
  state_->kernel<<<state_->blocks, kThreads, 0, stream.handle()>>>(state_->launch);
  check_cuda(cudaGetLastError());
}

std::vector<DecodeResult> DecodeBatch::results() const {
  std::vector<std::uint64_t> verdicts(state_->verdicts.size() / sizeof(std::uint64_t));
  copy_to_host(state_->verdicts.data_dev(), std::as_writable_bytes(std::span(verdicts)));
  std::vector<DecodeResult> results;
  for (const std::uint64_t verdict : verdicts) results.push_back(result_of(verdict));
  return results;
}

}  // namespace kvferry::codec::cuda
