// Host arrays to device memory, for the batches.
#pragma once

#include "codec/cuda/device.hpp"

#include <span>
#include <vector>

namespace kvferry::codec::cuda {

/// Returns when the copy is done.
template <typename T>
DeviceMemory uploaded(const std::vector<T>& values) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
  DeviceMemory memory(bytes.size());
  copy_to_device(bytes, memory.data_dev());
  return memory;
}

template <typename T>
T* as_dev(const DeviceMemory& memory) {
  return reinterpret_cast<T*>(memory.data_dev());
}

}  // namespace kvferry::codec::cuda
