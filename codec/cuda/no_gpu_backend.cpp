#include "codec/cuda/gpu_backend.hpp"
#include "sim/base/error.hpp"

namespace kvferry::codec::cuda {

GpuBackend gpu_backend() {
  constexpr const char* kReason = "this build has no CUDA";
  return {[] { return std::string(kReason); },
          [](int) -> std::unique_ptr<GpuCodec> { throw InputError(kReason); }};
}

}  // namespace kvferry::codec::cuda
