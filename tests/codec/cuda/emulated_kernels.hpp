// The kernels of codec/cuda on the emulated device, launched as encode.cu and decode.cu launch them.
#pragma once

#include "codec/cuda/batch_plan.hpp"
#include "tests/codec/emulator/device.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::codec::cuda {

/// Device memory that an EncodeBatch has, from one run to the next.
class EmulatedEncodeBatch {
 public:
  EmulatedEncodeBatch(const FrameFormat& format, std::span<const EncodeTask> tasks);

  emulator::Outcome encode(emulator::Device& device, const emulator::Schedule& schedule);

  const std::vector<std::uint64_t>& frame_bytes() const { return frame_bytes_; }
  const std::vector<std::uint64_t>& announced() const { return announced_; }
  EncodeRun& run() { return run_; }
  EncodePlan& plan() { return plan_; }

 private:
  FrameFormat format_;
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
EmulatedDecoding decode_emulated(emulator::Device& device, const FrameFormat& format,
                                 std::span<const DecodeTask> tasks,
                                 const emulator::Schedule& schedule);

}  // namespace kvferry::codec::cuda
