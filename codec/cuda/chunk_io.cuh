// How a block of threads reaches its chunk: values in tensors, numbers in planes.
#pragma once

#include "codec/chunk_codec.hpp"
#include "codec/cuda/chunk_shape.hpp"
#include "codec/cuda/device_tasks.hpp"
#include "codec/cuda/intrinsics.cuh"
#include "codec/cuda/octet.hpp"

#include <cstddef>
#include <cstdint>

namespace kvferry::codec::cuda {

/// The chunk of a block.
struct ChunkPlace {
  std::uint32_t index;        ///< in its tensor
  std::uint64_t first_value;  ///< in its tensor
  std::uint32_t count;        ///< of values; 0 in an empty tensor only
  bool is_last;
};

template <typename Tensor>
KVFERRY_DEVICE ChunkPlace chunk_of(const Tensor& tensor, std::uint32_t block) {
  const std::uint32_t index = block - tensor.blocks.first;
  const std::uint64_t first = std::uint64_t{index} << kChunkLog2;
  const std::uint64_t left = tensor.value_count - first;
  return {index, first, left < kChunkValues ? static_cast<std::uint32_t>(left) : kChunkValues,
          index + 1 >= tensor.blocks.chunk_count};
}

template <BitSplit kSplit, typename Byte>
KVFERRY_DEVICE PlanePair<Byte> planes_at(Byte* frame, const PlaneOffsets& offsets,
                                         std::uint64_t first_value) {
  return {frame + offsets.low + first_value / 8 * kSplit.low_bits,
          frame + offsets.high + first_value / 8 * kSplit.high_bits};
}

/// Values from `values` on, zeros behind the first `count`. The loop's length is fixed, so that the
/// octet stays in registers.
template <DType kType>
KVFERRY_DEVICE OctetValues<kType> load_some_values(const std::byte* values, std::uint32_t count) {
  using Bits = typename NumberFormat<kType>::Bits;
  constexpr std::uint32_t kPerWord = 4 / sizeof(Bits);
  OctetValues<kType> octet{};
  KVFERRY_UNROLL
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t bits = i < count ? reinterpret_cast<const Bits*>(values)[i] : 0;
    octet.words[i / kPerWord] |= bits << 8 * sizeof(Bits) * (i % kPerWord);
  }
  return octet;
}

template <DType kType>
KVFERRY_DEVICE void store_some_values(const OctetValues<kType>& octet, std::byte* values,
                                      std::uint32_t count) {
  using Bits = typename NumberFormat<kType>::Bits;
  constexpr std::uint32_t kPerWord = 4 / sizeof(Bits);
  KVFERRY_UNROLL
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t shifted = octet.words[i / kPerWord] >> 8 * sizeof(Bits) * (i % kPerWord);
    if (i < count) reinterpret_cast<Bits*>(values)[i] = static_cast<Bits>(shifted);
  }
}

/// Of the octet that starts at `start`: how many values the chunk has.
KVFERRY_DEVICE std::uint32_t values_from(std::uint32_t start, std::uint32_t count) {
  return start >= count ? 0 : count - start < 8 ? count - start : 8;
}

/// The thread's octets. In full chunks all loads are given before the first is waited for.
template <DType kType>
KVFERRY_DEVICE void load_values(const std::byte* values, std::uint32_t count,
                                OctetValues<kType> (&octets)[kOctetsPerThread]) {
  constexpr std::uint32_t kWidth = static_cast<std::uint32_t>(bytes_per_value(kType));
  const std::uint32_t thread = thread_index();
  if (count == kChunkValues) {
    KVFERRY_UNROLL
    for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
      load_once(values + std::size_t{kWidth} * octet_start(thread, u), octets[u].words);
    }
  } else {
    KVFERRY_UNROLL
    for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
      const std::uint32_t start = octet_start(thread, u);
      octets[u] =
          load_some_values<kType>(values + std::size_t{kWidth} * start, values_from(start, count));
    }
  }
}

template <DType kType>
KVFERRY_DEVICE void store_values(const OctetValues<kType>& octet, std::byte* values,
                                 std::uint32_t start, std::uint32_t count) {
  std::byte* const to = values + bytes_per_value(kType) * start;
  if (start + 8 <= count) {
    store_once(to, octet.words);
  } else {
    store_some_values<kType>(octet, to, values_from(start, count));
  }
}

/// Writes eight numbers, as far as their planes with padding go. Numbers behind the chunk's last
/// must be zero: they are the padding.
template <BitSplit kSplit>
KVFERRY_DEVICE void store_in_frame(const Octet& numbers, const PlanePair<std::byte>& planes,
                                   std::uint32_t start, std::uint32_t count) {
  constexpr auto kPad = static_cast<std::uint32_t>(kSectionAlignment);
  if constexpr (kSplit.low_bits > 0) {
    if (start < padded_numbers<kSplit.low_bits, kPad>(count))
      store_once(planes.low + start / 8 * kSplit.low_bits, pack<kSplit.low_bits>(numbers));
  }
  if constexpr (kSplit.high_bits > 0) {
    if (start < padded_numbers<kSplit.high_bits, kPad>(count))
      store_once(planes.high + start / 8 * kSplit.high_bits,
                 pack<kSplit.high_bits, kSplit.low_bits>(numbers));
  }
}

/// Likewise into a raw record in shared memory, whose planes are padded to words.
template <BitSplit kSplit>
KVFERRY_DEVICE void store_in_record(const Octet& numbers, const PlanePair<std::byte>& planes,
                                    std::uint32_t start, std::uint32_t count) {
  if constexpr (kSplit.low_bits > 0) {
    if (start < padded_numbers<kSplit.low_bits, 4>(count)) {
      *reinterpret_cast<PlaneOctet<kSplit.low_bits>*>(planes.low + start / 8 * kSplit.low_bits) =
          pack<kSplit.low_bits>(numbers);
    }
  }
  if constexpr (kSplit.high_bits > 0) {
    if (start < padded_numbers<kSplit.high_bits, 4>(count)) {
      *reinterpret_cast<PlaneOctet<kSplit.high_bits>*>(planes.high + start / 8 * kSplit.high_bits) =
          pack<kSplit.high_bits, kSplit.low_bits>(numbers);
    }
  }
}

/// Eight numbers' bits as their planes have them; zeros where the planes do not go.
template <BitSplit kSplit>
struct PlaneBits {
  static constexpr unsigned kLow = kSplit.low_bits == 0 ? 1 : kSplit.low_bits;
  static constexpr unsigned kHigh = kSplit.high_bits == 0 ? 1 : kSplit.high_bits;
  PlaneOctet<kLow> low;
  PlaneOctet<kHigh> high;
};

/// @tparam kPadBytes what the planes are padded to; the padding is read, too
template <BitSplit kSplit, std::uint32_t kPadBytes>
KVFERRY_DEVICE PlaneBits<kSplit> load_bits(const PlanePair<const std::byte>& planes,
                                           std::uint32_t start, std::uint32_t count) {
  PlaneBits<kSplit> bits{};
  if constexpr (kSplit.low_bits > 0) {
    if (start < padded_numbers<kSplit.low_bits, kPadBytes>(count))
      bits.low = load_once<PlaneOctet<kSplit.low_bits>>(planes.low + start / 8 * kSplit.low_bits);
  }
  if constexpr (kSplit.high_bits > 0) {
    if (start < padded_numbers<kSplit.high_bits, kPadBytes>(count))
      bits.high =
          load_once<PlaneOctet<kSplit.high_bits>>(planes.high + start / 8 * kSplit.high_bits);
  }
  return bits;
}

template <BitSplit kSplit>
KVFERRY_DEVICE Octet numbers_in(const PlaneBits<kSplit>& bits) {
  Octet numbers{0, 0};
  if constexpr (kSplit.low_bits > 0) numbers = spread<kSplit.low_bits>(bits.low);
  if constexpr (kSplit.high_bits > 0) {
    const Octet high = spread<kSplit.high_bits>(bits.high);
    numbers.low |= high.low << kSplit.low_bits;
    numbers.high |= high.high << kSplit.low_bits;
  }
  return numbers;
}

/// Whether all but the first `valid` of the eight numbers are zero.
template <BitSplit kSplit>
KVFERRY_DEVICE bool ends_zero(const PlaneBits<kSplit>& bits, std::uint32_t valid) {
  if (valid >= 8) return true;
  return (std::uint64_t{bits.low} >> valid * PlaneBits<kSplit>::kLow) == 0 &&
         (std::uint64_t{bits.high} >> valid * PlaneBits<kSplit>::kHigh) == 0;
}

}  // namespace kvferry::codec::cuda
