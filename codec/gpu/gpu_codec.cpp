#include "codec/gpu/gpu_codec.hpp"

#include "sim/base/error.hpp"

namespace kvferry::codec {
namespace {

constexpr double kUsableShare = 0.9;
constexpr std::uint64_t kBytesPerChunk = 16;     // the encoder's 12 and the decoder's, rounded up
constexpr std::uint64_t kBytesPerTensor = 2048;  // task lists of both directions, and alignment

}  // namespace

Bytes load_bytes(const FrameFormat& format, std::uint64_t value_count) {
  const FrameLayout layout = frame_layout(value_count, format);
  const std::uint64_t values = value_count * bytes_per_value(format.dtype);
  return {static_cast<std::int64_t>(2 * values + frame_bound(layout) +
                                    kBytesPerChunk * layout.chunk_count + kBytesPerTensor)};
}

Bytes usable_memory(const GpuCodec& gpu) {
  return {static_cast<std::int64_t>(kUsableShare * static_cast<double>(gpu.free_memory().value))};
}

std::unique_ptr<GpuCodec> open_gpu(const GpuBackend& backend, int index, const std::string& asker) {
  const std::string reason = backend.why_none();
  if (!reason.empty()) throw InputError(asker + ": error: no GPU can be used: " + reason);
  return backend.open(index);
}

}  // namespace kvferry::codec
