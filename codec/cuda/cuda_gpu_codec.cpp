#include "codec/cuda/cuda_gpu_codec.hpp"

#include "codec/cuda/splitzip_cuda.hpp"
#include "sim/base/quantity_text.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace kvferry::codec::cuda {
namespace {

constexpr std::uint64_t kAlignment = 256;
constexpr std::size_t kCompareBytes = std::size_t{32} << 20;  // host memory while comparing

std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Where the tensors and their frames lie, in bytes from the start of their memory.
struct Places {
  std::vector<std::uint64_t> values;
  std::vector<std::uint64_t> frames;
  std::uint64_t values_end = 0;
  std::uint64_t frames_end = 0;
};

Places places_of(const FrameFormat& format, std::span<const GpuTensor> tensors) {
  Places places;
  for (const GpuTensor& tensor : tensors) {
    places.values.push_back(places.values_end);
    places.frames.push_back(places.frames_end);
    places.values_end += padded(tensor.value_count * bytes_per_value(format.dtype));
    places.frames_end += padded(frame_bound(frame_layout(tensor.value_count, format)));
  }
  return places;
}

/// Payloads in device memory, uploaded at their first use.
class Payloads {
 public:
  const std::byte* on_device(TensorBytes payload) {
    DeviceMemory& memory = uploaded_[{payload.data(), payload.size()}];
    if (memory.size() < payload.size()) {
      memory = DeviceMemory(payload.size());
      copy_to_device(payload, memory.data_dev());
    }
    return memory.data_dev();
  }

 private:
  std::map<std::pair<const std::byte*, std::size_t>, DeviceMemory> uploaded_;
};

// One lap of the payload from its starting point, then copies of what is there already, each twice
// as long as the one before.
void repeat_on_device(const std::byte* payload_dev, const GpuTensor& tensor, std::size_t value_size,
                      std::pair<std::byte*, const Stream&> target) {
  const auto& [to_dev, stream] = target;
  const std::size_t lap = tensor.payload.size();
  const std::size_t first = tensor.first_value * value_size % lap;
  const std::size_t bytes = tensor.value_count * value_size;
  const std::size_t head = std::min(bytes, lap - first);
  copy_on_device_async(payload_dev + first, to_dev, head, stream);
  copy_on_device_async(payload_dev, to_dev + head, std::min(bytes - head, first), stream);
  for (std::size_t done = lap; done < bytes; done *= 2) {
    copy_on_device_async(to_dev, to_dev + done, std::min(done, bytes - done), stream);
  }
}

class CudaLaunch final : public LoadedLaunch {
 public:
  CudaLaunch(const FrameFormat& format, std::span<const GpuTensor> tensors, Payloads& payloads)
      : format_(format),
        tensors_(tensors.begin(), tensors.end()),
        places_(places_of(format, tensors)),
        values_(places_.values_end),
        frames_(places_.frames_end),
        decoded_(places_.values_end) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      repeat_on_device(payloads.on_device(tensors_[i].payload), tensors_[i],
                       bytes_per_value(format.dtype),
                       {values_.data_dev() + places_.values[i], stream_});
    }
    encoder_.emplace(format, encode_tasks());
    decoder_.emplace(format, decode_tasks());
    stream_.wait();
  }

  Seconds encode(Issue issue) override {
    const auto work = [this] { encoder_->encode_async(stream_); };
    const Seconds time = timed(issue, encode_graph_, work);
    // What an earlier decode left must not pass for the result of the next one.
    copy_on_device_async(frames_.data_dev(), decoded_.data_dev(),
                         std::min(frames_.size(), decoded_.size()), stream_);
    stream_.wait();
    return time;
  }

  Seconds decode(Issue issue) override {
    return timed(issue, decode_graph_, [this] { decoder_->decode_async(stream_); });
  }

  Seconds copy() override {
    std::optional<Graph> none;
    return timed(Issue::call, none, [this] {
      copy_on_device_async(values_.data_dev(), decoded_.data_dev(), values_.size(), stream_);
    });
  }

  std::vector<std::uint64_t> frame_bytes() const override {
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 0; i < tensors_.size(); ++i) sizes.push_back(encoder_->frame_bytes(i));
    return sizes;
  }

  bool is_exact() const override {
    for (const DecodeResult& result : decoder_->results()) {
      if (result.fault != FrameFault::none) return false;
    }
    std::vector<std::byte> part;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (!is_exact(i, part)) return false;
    }
    return true;
  }

 private:
  std::vector<EncodeTask> encode_tasks() const {
    std::vector<EncodeTask> tasks;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      tasks.push_back({values_.data_dev() + places_.values[i], tensors_[i].value_count,
                       frames_.data_dev() + places_.frames[i], frame_capacity(i),
                       *tensors_[i].codebook});
    }
    return tasks;
  }

  std::vector<DecodeTask> decode_tasks() const {
    std::vector<DecodeTask> tasks;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      tasks.push_back({frames_.data_dev() + places_.frames[i], frame_capacity(i),
                       decoded_.data_dev() + places_.values[i], tensors_[i].value_count,
                       encoder_->frame_bytes_dev() + i});
    }
    return tasks;
  }

  std::uint64_t frame_capacity(std::size_t tensor) const {
    return frame_bound(frame_layout(tensors_[tensor].value_count, format_));
  }

  template <typename Work>
  Seconds timed(Issue issue, std::optional<Graph>& graph, const Work& work) {
    if (issue == Issue::graph && !graph) graph.emplace(stream_, work);
    stopwatch_.start_async(stream_);
    if (issue == Issue::graph) {
      graph->launch_async(stream_);
    } else {
      work();
    }
    stopwatch_.stop_async(stream_);
    stream_.wait();
    return stopwatch_.elapsed();
  }

  bool is_exact(std::size_t index, std::vector<std::byte>& part) const {
    const GpuTensor& tensor = tensors_[index];
    const std::size_t value_size = bytes_per_value(format_.dtype);
    const std::size_t bytes = tensor.value_count * value_size;
    std::size_t at = tensor.first_value * value_size % tensor.payload.size();
    for (std::size_t done = 0; done < bytes; done += part.size()) {
      part.resize(std::min(kCompareBytes, bytes - done));
      copy_to_host(decoded_.data_dev() + places_.values[index] + done, part);
      for (std::size_t compared = 0; compared < part.size();) {
        const std::size_t count = std::min(part.size() - compared, tensor.payload.size() - at);
        if (std::memcmp(part.data() + compared, tensor.payload.data() + at, count) != 0) {
          return false;
        }
        compared += count;
        at = (at + count) % tensor.payload.size();
      }
    }
    return true;
  }

  FrameFormat format_;
  std::vector<GpuTensor> tensors_;
  Places places_;
  Stream stream_;
  Stopwatch stopwatch_;
  DeviceMemory values_;
  DeviceMemory frames_;
  DeviceMemory decoded_;
  std::optional<EncodeBatch> encoder_;
  std::optional<DecodeBatch> decoder_;
  std::optional<Graph> encode_graph_;
  std::optional<Graph> decode_graph_;
};

std::string megahertz(double value) {
  return shortest_decimal(value) + " MHz";
}

class CudaGpuCodec final : public GpuCodec {
 public:
  explicit CudaGpuCodec(Device device) : device_(std::move(device)) {}

  GpuDescription description() const override {
    return {device_.name,
            "core at most " + megahertz(device_.core_clock_mhz) + ", memory " +
                megahertz(device_.memory_clock_mhz),
            "CUDA " + driver_cuda_version() + ", built with " + runtime_cuda_version(),
            device_.memory};
  }

  Bytes free_memory() const override { return free_device_memory(); }

  std::unique_ptr<LoadedLaunch> load(const FrameFormat& format,
                                     std::span<const GpuTensor> tensors) override {
    return std::make_unique<CudaLaunch>(format, tensors, payloads_);
  }

 private:
  Device device_;
  Payloads payloads_;
};

}  // namespace

std::unique_ptr<GpuCodec> open_cuda_codec(const Device& device) {
  use_device(device.index);
  return std::make_unique<CudaGpuCodec>(device);
}

}  // namespace kvferry::codec::cuda
