// The codec of codec/cuda as a GpuCodec: tensors assembled in device memory, launches timed by CUDA
// events.
#pragma once

#include "codec/cuda/device.hpp"
#include "codec/gpu/gpu_codec.hpp"

#include <memory>

namespace kvferry::codec::cuda {

/// Makes the device the current one of this thread; all calls must come from it.
std::unique_ptr<GpuCodec> open_cuda_codec(const Device& device);

}  // namespace kvferry::codec::cuda
