// Asks for a device without starting its driver here: simulations run in forked processes, and a
// driver that was started before the fork does not work after it.
#pragma once

#include "codec/gpu/gpu_codec.hpp"

#include <optional>
#include <string>

namespace kvferry::codec {

struct GpuProbe {
  std::optional<GpuDescription> gpu;
  std::string why_none;  ///< where there is none
};

/// Opens device 0 in a child process and asks what it is.
/// Forks: no other thread may be running. @throws std::system_error where that fails
GpuProbe probe_gpu(const GpuBackend& backend);

}  // namespace kvferry::codec
