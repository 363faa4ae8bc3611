#include "codec/cuda/device.hpp"

#include "codec/cuda/check.hpp"

#include <cstring>
#include <cuda_runtime_api.h>
#include <string>
#include <utility>

namespace kvferry::codec::cuda {
namespace {

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  check_cuda(cudaDeviceGetAttribute(&value, which, device));
  return value;
}

Device describe(int index) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, index));
  return {.index = index,
          .name = properties.name,
          .compute_major = properties.major,
          .compute_minor = properties.minor,
          .multiprocessors = properties.multiProcessorCount,
          .memory = {static_cast<std::int64_t>(properties.totalGlobalMem)},
          .l2_cache = {properties.l2CacheSize},
          .core_clock_mhz = attribute(cudaDevAttrClockRate, index) / 1e3,
          .memory_clock_mhz = attribute(cudaDevAttrMemoryClockRate, index) / 1e3,
          .memory_bus_bits = properties.memoryBusWidth};
}

std::string version_text(int version) {
  if (version == 0) return "none";
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// No device and no driver are states of the machine, not failures.
std::pair<int, cudaError_t> count_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    count = 0;
  }
  return {count, status};
}

}  // namespace

void check_cuda(cudaError_t status, std::source_location place) {
  if (status == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw CudaError(std::string(place.file_name()) + ":" + std::to_string(place.line()) +
                  ": CUDA: " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")");
}

std::vector<Device> devices() {
  std::vector<Device> found;
  const int count = count_devices().first;
  for (int index = 0; index < count; ++index) found.push_back(describe(index));
  return found;
}

std::string why_no_device() {
  const auto [count, status] = count_devices();
  if (count > 0) return "";
  return status == cudaSuccess ? "the driver reports none" : cudaGetErrorString(status);
}

std::string driver_cuda_version() {
  int version = 0;
  check_cuda(cudaDriverGetVersion(&version));
  return version_text(version);
}

std::string runtime_cuda_version() {
  int version = 0;
  check_cuda(cudaRuntimeGetVersion(&version));
  return version_text(version);
}

void use_device(int index) {
  check_cuda(cudaSetDevice(index));
}

// What a destructor frees is given up either way: an error here was reported by an earlier call, or
// the process is ending.
void Stream::Destroy::operator()(CUstream_st* stream) const {
  static_cast<void>(cudaStreamDestroy(stream));
}
void DeviceMemory::Free::operator()(std::byte* data_dev) const {
  static_cast<void>(cudaFree(data_dev));
}
void MappedMemory::Free::operator()(std::byte* data) const {
  static_cast<void>(cudaFreeHost(data));
}
void Stopwatch::Destroy::operator()(CUevent_st* event) const {
  static_cast<void>(cudaEventDestroy(event));
}
void Graph::Destroy::operator()(CUgraphExec_st* graph) const {
  static_cast<void>(cudaGraphExecDestroy(graph));
}

Stream::Stream() {
  cudaStream_t stream = nullptr;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  stream_.reset(stream);
}

void Stream::wait() const {
  check_cuda(cudaStreamSynchronize(stream_.get()));
}

DeviceMemory::DeviceMemory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  void* data_dev = nullptr;
  check_cuda(cudaMalloc(&data_dev, bytes));
  data_dev_.reset(static_cast<std::byte*>(data_dev));
}

MappedMemory::MappedMemory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  void* data = nullptr;
  check_cuda(cudaHostAlloc(&data, bytes, cudaHostAllocMapped));
  data_.reset(static_cast<std::byte*>(data));
  std::memset(data, 0, bytes);
  void* data_dev = nullptr;
  check_cuda(cudaHostGetDevicePointer(&data_dev, data, 0));
  data_dev_ = static_cast<std::byte*>(data_dev);
}

Bytes free_device_memory() {
  std::size_t free = 0;
  std::size_t total = 0;
  check_cuda(cudaMemGetInfo(&free, &total));
  return {static_cast<std::int64_t>(free)};
}

void copy_to_device(std::span<const std::byte> from, std::byte* to_dev) {
  if (from.empty()) return;
  check_cuda(cudaMemcpy(to_dev, from.data(), from.size(), cudaMemcpyHostToDevice));
  // A copy from pageable memory may return before its last part has reached the device.
  check_cuda(cudaStreamSynchronize(nullptr));
}

void copy_to_host(const std::byte* from_dev, std::span<std::byte> to) {
  if (to.empty()) return;
  check_cuda(cudaMemcpy(to.data(), from_dev, to.size(), cudaMemcpyDeviceToHost));
}

void copy_on_device_async(const std::byte* from_dev, std::byte* to_dev, std::size_t bytes,
                          const Stream& stream) {
  if (bytes == 0) return;
  check_cuda(cudaMemcpyAsync(to_dev, from_dev, bytes, cudaMemcpyDeviceToDevice, stream.handle()));
}

Stopwatch::Event Stopwatch::make_event() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreate(&event));
  return Event(event);
}

Stopwatch::Stopwatch() : start_(make_event()), stop_(make_event()) {}

void Stopwatch::start_async(const Stream& stream) {
  check_cuda(cudaEventRecord(start_.get(), stream.handle()));
}

void Stopwatch::stop_async(const Stream& stream) {
  check_cuda(cudaEventRecord(stop_.get(), stream.handle()));
}

Seconds Stopwatch::elapsed() const {
  check_cuda(cudaEventSynchronize(stop_.get()));
  float milliseconds = 0;
  check_cuda(cudaEventElapsedTime(&milliseconds, start_.get(), stop_.get()));
  return {double{milliseconds} / 1e3};
}

Graph::Graph(const Stream& stream, const std::function<void()>& work) {
  check_cuda(cudaStreamBeginCapture(stream.handle(), cudaStreamCaptureModeThreadLocal));
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    // Ends the capture, so that the stream can be used again.
    static_cast<void>(cudaStreamEndCapture(stream.handle(), &graph));
    static_cast<void>(cudaGraphDestroy(graph));
    static_cast<void>(cudaGetLastError());
    throw;
  }
  check_cuda(cudaStreamEndCapture(stream.handle(), &graph));
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  static_cast<void>(cudaGraphDestroy(graph));
  check_cuda(status);
  graph_.reset(executable);
}

void Graph::launch_async(const Stream& stream) const {
  check_cuda(cudaGraphLaunch(graph_.get(), stream.handle()));
}

}  // namespace kvferry::codec::cuda
