// A device that encodes and decodes, as measurements see it: launches are loaded, timed, checked.
// Needs no CUDA; codec/cuda implements it on NVIDIA GPUs, the tests on the CPU.
//
// A newcomer's first calls:
//   auto launch = gpu.load(format, tensors);
//   Seconds time = launch->encode(Issue::call);
//   launch->decode(Issue::call);  launch->is_exact();
#pragma once

#include "codec/codebook.hpp"
#include "codec/format.hpp"
#include "codec/splitzip.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvferry::codec {

/// In words, for provenance.
struct GpuDescription {
  std::string name;
  std::string clocks;
  std::string driver;
  Bytes memory{};
};

/// The values of `payload` from `first_value` on, repeated without end, `value_count` of them.
struct GpuTensor {
  TensorBytes payload;  ///< whole values; must stay and not change as long as the GpuCodec lives
  std::uint64_t first_value = 0;
  std::uint64_t value_count = 0;
  const Codebook* codebook = nullptr;
};

/// How a launch is given to the device: by its own call, or as a graph recorded before.
enum class Issue : std::uint8_t { call, graph };

/// Tensors in device memory with room for their frames and for the decoded values.
class LoadedLaunch {
 public:
  LoadedLaunch() = default;
  LoadedLaunch(const LoadedLaunch&) = delete;
  LoadedLaunch& operator=(const LoadedLaunch&) = delete;
  virtual ~LoadedLaunch() = default;

  /// Encodes all tensors in one launch; the time between its start and its end on the device.
  virtual Seconds encode(Issue issue) = 0;
  /// Decodes the frames of the last encode, likewise.
  virtual Seconds decode(Issue issue) = 0;
  /// Copies all values within the device: what bandwidth is compared with.
  virtual Seconds copy() = 0;

  /// Of the last encode, by tensor.
  virtual std::vector<std::uint64_t> frame_bytes() const = 0;
  /// Whether the last decode accepted every frame and gave every bit back. Reads all values.
  virtual bool is_exact() const = 0;
};

class GpuCodec {
 public:
  GpuCodec() = default;
  GpuCodec(const GpuCodec&) = delete;
  GpuCodec& operator=(const GpuCodec&) = delete;
  virtual ~GpuCodec() = default;

  virtual GpuDescription description() const = 0;
  virtual Bytes free_memory() const = 0;

  /// One launch at a time: the one before must be gone.
  /// @pre load_bytes() of the tensors fit in free_memory()
  virtual std::unique_ptr<LoadedLaunch> load(const FrameFormat& format,
                                             std::span<const GpuTensor> tensors) = 0;
};

/// Device memory that a tensor takes while it is loaded: values, frame, decoded values, bookkeeping.
Bytes load_bytes(const FrameFormat& format, std::uint64_t value_count);

/// Free memory that launches may use; the rest is for the driver and for rounding.
Bytes usable_memory(const GpuCodec& gpu);

/// What a build can open.
struct GpuBackend {
  /// Empty where there is a device. Starts the driver: a process that has asked may not fork.
  std::function<std::string()> why_none;
  /// @throws InputError where there is no device of this index
  std::function<std::unique_ptr<GpuCodec>(int index)> open;
};

/// Opens a device. @throws InputError naming `asker` and why there is none
std::unique_ptr<GpuCodec> open_gpu(const GpuBackend& backend, int index, const std::string& asker);

}  // namespace kvferry::codec
