// The GPUs that this build can measure on: NVIDIA's where CUDA was found, none elsewhere.
#pragma once

#include "codec/gpu/gpu_codec.hpp"

namespace kvferry::codec::cuda {

/// Asks nothing yet: the driver starts with the first question.
GpuBackend gpu_backend();

}  // namespace kvferry::codec::cuda
