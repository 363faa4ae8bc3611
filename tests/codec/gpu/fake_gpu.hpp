// A device without hardware: the CPU codec's bytes, and times by a formula.
#pragma once

#include "codec/gpu/gpu_codec.hpp"
#include "codec/splitzip.hpp"

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvferry::codec {

enum class Defect : std::uint8_t { none, wrong_bit, wrong_size };

/// What happens to a fake device, and what it is asked to do; shared by all its launches.
struct FakeGpuState {
  Bytes free_memory{std::int64_t{1} << 33};
  Defect defect = Defect::none;
  std::vector<std::size_t> tensors_of_loads;
  int encodes = 0;
  int comparisons = 0;
};

/// encode: 10 us + 1 ns a byte; a graph saves 4 us. decode: half of it. copy: 2 us + 0.1 ns a byte.
inline Seconds fake_encode_time(Bytes raw, Issue issue = Issue::call) {
  return {(issue == Issue::call ? 10e-6 : 6e-6) + 1e-9 * static_cast<double>(raw.value)};
}

class FakeLaunch final : public LoadedLaunch {
 public:
  FakeLaunch(FakeGpuState& state, const FrameFormat& format, std::span<const GpuTensor> tensors)
      : state_(state), format_(format) {
    for (const GpuTensor& tensor : tensors) {
      values_.push_back(values_of(tensor));
      books_.push_back(*tensor.codebook);
      raw_ += Bytes{static_cast<std::int64_t>(values_.back().size())};
    }
  }

  Seconds encode(Issue issue) override {
    ++state_.encodes;
    frames_.clear();
    for (std::size_t i = 0; i < values_.size(); ++i) {
      frames_.push_back(codec::encode(TensorBytes(values_[i]), {books_[i], format_}));
    }
    return fake_encode_time(raw_, issue);
  }
  Seconds decode(Issue issue) override {
    decoded_.clear();
    for (std::size_t i = 0; i < values_.size(); ++i) {
      decoded_.emplace_back(values_[i].size());
      result_ = codec::decode(frames_[i], std::span(decoded_.back()));
    }
    if (state_.defect == Defect::wrong_bit) decoded_.back().back() ^= std::byte{1};
    return fake_encode_time(raw_, issue) * 0.5;
  }
  Seconds copy() override { return {2e-6 + 1e-10 * static_cast<double>(raw_.value)}; }

  std::vector<std::uint64_t> frame_bytes() const override {
    std::vector<std::uint64_t> sizes;
    for (const auto& frame : frames_) sizes.push_back(frame.size());
    if (state_.defect == Defect::wrong_size) sizes.back() += 4;
    return sizes;
  }
  bool is_exact() const override {
    ++state_.comparisons;
    return result_.fault == FrameFault::none && decoded_ == values_;
  }

 private:
  std::vector<std::byte> values_of(const GpuTensor& tensor) const {
    const std::size_t size = bytes_per_value(format_.dtype);
    std::vector<std::byte> values(tensor.value_count * size);
    std::size_t at = tensor.first_value * size % tensor.payload.size();
    for (std::size_t done = 0; done < values.size();) {
      const std::size_t count = std::min(values.size() - done, tensor.payload.size() - at);
      std::memcpy(values.data() + done, tensor.payload.data() + at, count);
      done += count;
      at = 0;
    }
    return values;
  }

  FakeGpuState& state_;
  FrameFormat format_;
  std::vector<std::vector<std::byte>> values_;
  std::vector<Codebook> books_;
  std::vector<std::vector<std::byte>> frames_;
  std::vector<std::vector<std::byte>> decoded_;
  DecodeResult result_;
  Bytes raw_{};
};

class FakeGpu final : public GpuCodec {
 public:
  explicit FakeGpu(FakeGpuState& state) : state_(state) {}
  GpuDescription description() const override {
    return {"a fake GPU", "1 MHz", "none", state_.free_memory};
  }
  Bytes free_memory() const override { return state_.free_memory; }
  std::unique_ptr<LoadedLaunch> load(const FrameFormat& format,
                                     std::span<const GpuTensor> tensors) override {
    state_.tensors_of_loads.push_back(tensors.size());
    return std::make_unique<FakeLaunch>(state_, format, tensors);
  }

 private:
  FakeGpuState& state_;
};

}  // namespace kvferry::codec
