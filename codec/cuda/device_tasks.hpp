// What the host prepares for the kernels: a batch's tensors as the device sees them. Pointers are
// those of the device. Host and device code.
#pragma once

#include "codec/cuda/octet.hpp"
#include "codec/format.hpp"

#include <cstddef>
#include <cstdint>

namespace kvferry::codec::cuda {

inline constexpr std::uint32_t kHeaderWords = sizeof(FrameHeader) / 4;
/// Header words before those that are known only after encoding.
inline constexpr std::uint32_t kStaticHeaderWords = offsetof(FrameHeader, escape_bytes) / 4;

/// Where the sections of a frame lie; FrameLayout without what the kernels do not need.
struct FrameSections {
  PlaneOffsets sign_mantissa;
  PlaneOffsets codes;
  std::uint64_t escapes;
};

/// Which blocks of the launch work on a tensor. An empty tensor has one, for its header.
struct BlockRange {
  std::uint32_t first;
  std::uint32_t chunk_count;
};

struct EncodeTensor {
  const std::byte* values;
  std::byte* frame;
  std::uint64_t value_count;
  FrameSections sections;
  BlockRange blocks;
  ContiguousBook book;  ///< meaningless for a codebook with gaps
  std::uint32_t hash;   ///< of the static header words, unfinished
  std::uint32_t header[kStaticHeaderWords];
};

/// Lives on the device from one run of a batch to the next.
struct EncodeRun {
  std::uint64_t number;         ///< of the run that is on or comes next: 1 ... kLastRun
  std::uint32_t tensors_ended;  ///< in this run
};

/// Words that blocks exchange hold the run's number in 24 bits: those of other runs are told apart,
/// and nothing needs clearing between runs.
inline constexpr std::uint64_t kLastRun = (1U << 24) - 1;
inline constexpr int kRunShift = 40;

struct EncodeLaunch {
  const EncodeTensor* tensors;
  const std::uint32_t* tensor_of_block;
  std::uint64_t* look_back;  ///< a word per block
  EncodeRun* run;
  std::uint64_t* frame_bytes;  ///< per tensor
  std::uint64_t* announced;    ///< per tensor, in host memory: run << kRunShift | frame bytes
  std::uint32_t tensor_count;
};

struct DecodeTensor {
  const std::byte* frame;
  std::byte* values;
  std::uint64_t value_count;
  std::uint64_t frame_capacity;
  const std::uint64_t* frame_bytes;  ///< null: the frame is as long as its capacity
  std::uint64_t largest_escape_bytes;
  FrameSections sections;
  BlockRange blocks;
  /// What the header must say, zeros where it may say anything.
  std::uint32_t header[kStaticHeaderWords];
};

struct DecodeLaunch {
  const DecodeTensor* tensors;
  const std::uint32_t* tensor_of_block;
  std::uint64_t* verdicts;  ///< per tensor; kNoFault before the run
};

/// Where codec::decode() looks first is reported before all else: the lowest word wins.
enum class CheckPhase : std::uint8_t { header, padding, directory, directory_end, chunk };

inline constexpr std::uint64_t kNoFault = ~std::uint64_t{0};

/// One fault as a word that is the lower, the earlier the CPU would have found it.
/// @param later of two checks of a chunk, whether it is the second
KVFERRY_HOST_DEVICE constexpr std::uint64_t fault_word(CheckPhase phase, std::uint32_t chunk,
                                                       bool later, FrameFault fault) {
  return std::uint64_t{static_cast<std::uint8_t>(phase)} << 56 | std::uint64_t{chunk} << 16 |
         std::uint64_t{later} << 8 | static_cast<std::uint8_t>(fault);
}

}  // namespace kvferry::codec::cuda
