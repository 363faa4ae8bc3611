// What every call of the CUDA runtime goes through.
#pragma once

#include <cuda_runtime_api.h>
#include <source_location>

namespace kvferry::codec::cuda {

/// @throws CudaError naming the place and CUDA's reason, and clears CUDA's error state
void check_cuda(cudaError_t status, std::source_location place = std::source_location::current());

}  // namespace kvferry::codec::cuda
