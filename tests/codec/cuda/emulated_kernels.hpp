// The kernels of codec/cuda on the emulated device, launched as encode.cu and decode.cu launch them.
#pragma once

#include "codec/cuda/batch_plan.hpp"
#include "tests/codec/emulator/device.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::codec::cuda {

/// The kernels of one format.
struct Kernels {
  void (*encode_contiguous)(EncodeLaunch);
  void (*encode_any)(EncodeLaunch);
  void (*decode)(DecodeLaunch);
};
Kernels kernels_of(const FrameFormat& format);

/// What an EncodeBatch has on the device, from one run to the next.
class EmulatedEncodeBatch {
 public:
  EmulatedEncodeBatch(const FrameFormat& format, std::span<const EncodeTask> tasks);

  emulator::Outcome encode(const Kernels& kernels, emulator::Device& device,
                           const emulator::Schedule& schedule);

  const std::vector<std::uint64_t>& frame_bytes() const { return frame_bytes_; }
  const std::vector<std::uint64_t>& announced() const { return announced_; }
  std::uint64_t run() const { return run_.number; }

  /// As if all runs before had been.
  void continue_with_run(std::uint64_t number) { run_.number = number; }

 private:
  EncodePlan plan_;
  std::vector<std::uint64_t> look_back_;
  EncodeRun run_{1, 0};
  std::vector<std::uint64_t> frame_bytes_;
  std::vector<std::uint64_t> announced_;
};

struct EmulatedDecoding {
  emulator::Outcome outcome;
  std::vector<DecodeResult> results;
};
EmulatedDecoding decode_emulated(const Kernels& kernels, emulator::Device& device,
                                 const DecodePlan& plan, const emulator::Schedule& schedule);

}  // namespace kvferry::codec::cuda
