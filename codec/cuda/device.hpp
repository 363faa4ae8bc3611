// CUDA devices, streams, memory and timing as C++ values; needs no CUDA header. What splitzip_cuda.hpp
// is used with.
//
// Calls whose name ends in _async neither allocate nor wait for the device, so that a graph can
// record them. Objects belong to the device that was current (use_device) when they were made.
#pragma once

#include "sim/base/error.hpp"
#include "sim/base/units.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct CUstream_st;     // what a cudaStream_t points to
struct CUevent_st;      // ... a cudaEvent_t
struct CUgraphExec_st;  // ... a cudaGraphExec_t

namespace kvferry::codec::cuda {

/// A call of the CUDA runtime failed; the message names the place and CUDA's reason.
class CudaError : public RunError {
 public:
  using RunError::RunError;
};

struct Device {
  int index;
  std::string name;
  int compute_major;  ///< 9 for an H200
  int compute_minor;
  int multiprocessors;
  Bytes memory;
  Bytes l2_cache;
  double core_clock_mhz;    ///< the highest one, as the driver states it
  double memory_clock_mhz;  ///< likewise
  int memory_bus_bits;
};

/// The GPUs that can be used; empty where there is none or no driver.
std::vector<Device> devices();

/// Why devices() is empty, in CUDA's words; empty where it is not.
std::string why_no_device();

/// The newest CUDA that the driver serves, and the CUDA of this build, as in "13.0"; "none" without
/// a driver.
std::string driver_cuda_version();
std::string runtime_cuda_version();

/// Makes a device the current one of this thread.
void use_device(int index);

/// A stream of its own, not synchronising with the default one.
class Stream {
 public:
  Stream();

  /// Waits until all work given so far is done. @throws CudaError if some of it failed
  void wait() const;

  CUstream_st* handle() const { return stream_.get(); }

 private:
  struct Destroy {
    void operator()(CUstream_st* stream) const;
  };
  std::unique_ptr<CUstream_st, Destroy> stream_;
};

/// Memory of the device, aligned to 256 bytes. Zero bytes are allowed.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::size_t bytes);

  std::byte* data_dev() const { return data_dev_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* data_dev) const;
  };
  std::unique_ptr<std::byte, Free> data_dev_;
  std::size_t size_ = 0;
};

/// Page-locked memory of the host that the device reads and writes in place; zeroed when made.
class MappedMemory {
 public:
  MappedMemory() = default;
  explicit MappedMemory(std::size_t bytes);

  std::byte* data() const { return data_.get(); }
  std::byte* data_dev() const { return data_dev_; }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::byte* data_dev_ = nullptr;
  std::size_t size_ = 0;
};

/// What the current device has left.
Bytes free_device_memory();

/// Copies that are done when they return; not ordered with any Stream.
void copy_to_device(std::span<const std::byte> from, std::byte* to_dev);
void copy_to_host(const std::byte* from_dev, std::span<std::byte> to);

/// A copy within the device: what the bandwidth of a roofline is measured with.
void copy_on_device_async(const std::byte* from_dev, std::byte* to_dev, std::size_t bytes,
                          const Stream& stream);

/// The time between two points of a stream, by CUDA events.
class Stopwatch {
 public:
  Stopwatch();

  void start_async(const Stream& stream);
  void stop_async(const Stream& stream);

  /// Waits for the second point. CUDA's manual states a resolution of about half a microsecond.
  Seconds elapsed() const;

 private:
  struct Destroy {
    void operator()(CUevent_st* event) const;
  };
  using Event = std::unique_ptr<CUevent_st, Destroy>;
  static Event make_event();

  Event start_;
  Event stop_;
};

/// Work of a stream that is given again as a whole, by one call of the driver.
class Graph {
 public:
  /// Records what `work` gives to `stream` instead of doing it; `work` may make _async calls only.
  Graph(const Stream& stream, const std::function<void()>& work);

  void launch_async(const Stream& stream) const;

 private:
  struct Destroy {
    void operator()(CUgraphExec_st* graph) const;
  };
  std::unique_ptr<CUgraphExec_st, Destroy> graph_;
};

}  // namespace kvferry::codec::cuda
