// How the kernels cut tensors: one block of threads encodes or decodes one chunk. Constants that
// host and device share.
#pragma once

#include "codec/format.hpp"
#include "codec/host_device.hpp"

#include <cstdint>

namespace kvferry::codec::cuda {

inline constexpr std::uint8_t kChunkLog2 = kDefaultChunkLog2;
inline constexpr std::uint32_t kChunkValues = 1U << kChunkLog2;
inline constexpr std::uint32_t kThreads = 256;
inline constexpr std::uint32_t kWarpThreads = 32;
inline constexpr std::uint32_t kWarps = kThreads / kWarpThreads;

/// A thread works on octets of consecutive values; those of its warp lie side by side, so that the
/// warp's memory accesses do.
inline constexpr std::uint32_t kOctetsPerThread = kChunkValues / kThreads / 8;
inline constexpr std::uint32_t kOctetStride = 8 * kWarpThreads;

/// Where in the chunk octet u of a thread begins. (warp, u, lane, byte) in this order counts up.
KVFERRY_HOST_DEVICE constexpr std::uint32_t octet_start(std::uint32_t thread, std::uint32_t u) {
  const std::uint32_t warp = thread / kWarpThreads;
  const std::uint32_t lane = thread % kWarpThreads;
  return warp * (kChunkValues / kWarps) + u * kOctetStride + lane * 8;
}

template <FrameFormat kFormat>
struct ChunkShape {
  static constexpr DType kDType = kFormat.dtype;
  static constexpr bool kIsSentinelMode = kFormat.mode == EscapeMode::sentinel;
  static constexpr std::uint32_t kWidth = static_cast<std::uint32_t>(bytes_per_value(kDType));
  static constexpr BitSplit kSignMantissa = sign_mantissa_split(kDType);
  static constexpr BitSplit kCodes = code_split(kFormat);
  static constexpr BitSplit kRest = raw_split(kFormat);  ///< of a raw chunk's exponents
  static constexpr std::uint32_t kCodeBits = kFormat.code_bits;
  static constexpr std::uint32_t kMaxCodebook =
      static_cast<std::uint32_t>(max_codebook_size(kFormat));
  /// No record is longer than a raw one.
  static constexpr std::uint32_t kMaxRecordWords = raw_record_words(kFormat, kChunkValues);
};

/// Numbers of a plane up to the end of its padding to a multiple of kPadBytes.
template <std::uint32_t kBits, std::uint32_t kPadBytes>
KVFERRY_HOST_DEVICE constexpr std::uint32_t padded_numbers(std::uint32_t count) {
  constexpr std::uint32_t kUnit = 8 * kPadBytes / kBits;
  return (count + kUnit - 1) / kUnit * kUnit;
}

/// Bytes of the low plane of a raw record, behind which the high one begins.
template <FrameFormat kFormat>
KVFERRY_HOST_DEVICE constexpr std::uint32_t low_rest_bytes(std::uint32_t count) {
  constexpr std::uint32_t kBits = ChunkShape<kFormat>::kRest.low_bits;
  return static_cast<std::uint32_t>((plane_bytes(count, kBits) + 3) / 4 * 4);
}

}  // namespace kvferry::codec::cuda
