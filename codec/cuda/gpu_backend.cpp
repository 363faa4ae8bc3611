#include "codec/cuda/gpu_backend.hpp"

#include "codec/cuda/cuda_gpu_codec.hpp"
#include "codec/cuda/device.hpp"
#include "sim/base/error.hpp"

namespace kvferry::codec::cuda {
namespace {

std::unique_ptr<GpuCodec> open(int index) {
  const std::vector<Device> known = devices();
  if (index < 0 || static_cast<std::size_t>(index) >= known.size()) {
    throw InputError("there is no GPU " + std::to_string(index) + "; GPUs: 0 to " +
                     std::to_string(static_cast<int>(known.size()) - 1));
  }
  return open_cuda_codec(known[static_cast<std::size_t>(index)]);
}

}  // namespace

GpuBackend gpu_backend() {
  return {why_no_device, open};
}

}  // namespace kvferry::codec::cuda
