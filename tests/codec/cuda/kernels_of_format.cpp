#include "codec/cuda/decode_kernels.cuh"
#include "codec/cuda/encode_kernels.cuh"
#include "codec/cuda/kernel_choice.hpp"
#include "tests/codec/cuda/emulated_kernels.hpp"

namespace kvferry::codec::cuda {

Kernels kernels_of(const FrameFormat& format) {
  return with_format(format, []<DType kType, std::uint8_t kBits, EscapeMode kMode>(
                                 FormatConstant<kType, kBits, kMode>) {
    return Kernels{encode_kernel<kType, kBits, kMode, BookKind::contiguous>,
                   encode_kernel<kType, kBits, kMode, BookKind::any>,
                   decode_kernel<kType, kBits, kMode>};
  });
}

}  // namespace kvferry::codec::cuda
