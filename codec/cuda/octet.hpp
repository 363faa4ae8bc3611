// The arithmetic of the kernels: eight values at a time in 32-bit registers, taken apart, coded,
// packed into planes, and back. Host and device code; tested on every bit pattern against the
// numbers and planes of the CPU codec.
//
// A GPU has instructions that gather bytes by selector (PRMT) and that multiply-add four bytes
// (DP4A); the host does the same in plain C++.
#pragma once

#include "codec/format.hpp"
#include "codec/host_device.hpp"
#include "codec/number_format.hpp"

#include <cstdint>
#include <type_traits>

namespace kvferry::codec::cuda {

/// Byte i of the result is byte s of the eight bytes `low`, `high`, where s is nibble i of
/// `selectors`; where the nibble's bit 3 is set, that byte's sign bit eight times.
KVFERRY_HOST_DEVICE inline std::uint32_t gather_bytes(std::uint32_t low, std::uint32_t high,
                                                      std::uint32_t selectors) {
#if defined(__CUDA_ARCH__)
  std::uint32_t gathered;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(gathered) : "r"(low), "r"(high), "r"(selectors));
  return gathered;
#else
  const std::uint64_t bytes = std::uint64_t{high} << 32 | low;
  std::uint32_t gathered = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned selector = selectors >> 4 * i & 15U;
    const auto byte = static_cast<std::uint32_t>(bytes >> 8 * (selector & 7U) & 0xffU);
    const std::uint32_t replicated = (byte & 0x80U) != 0 ? 0xffU : 0U;
    gathered |= ((selector & 8U) != 0 ? replicated : byte) << 8 * i;
  }
  return gathered;
#endif
}

/// `start` and the four products of bytes with `weights`' bytes.
KVFERRY_HOST_DEVICE inline std::uint32_t weigh_bytes(std::uint32_t bytes, std::uint32_t weights,
                                                     std::uint32_t start) {
#if defined(__CUDA_ARCH__)
  return __dp4a(bytes, weights, start);
#else
  for (unsigned i = 0; i < 4; ++i) {
    start += (bytes >> 8 * i & 0xffU) * (weights >> 8 * i & 0xffU);
  }
  return start;
#endif
}

KVFERRY_HOST_DEVICE inline std::uint32_t count_bits(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__popc(static_cast<int>(word)));
#else
  return static_cast<std::uint32_t>(__builtin_popcount(word));
#endif
}

/// @pre word is not zero
KVFERRY_HOST_DEVICE inline std::uint32_t lowest_bit(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__ffs(static_cast<int>(word))) - 1U;
#else
  return static_cast<std::uint32_t>(__builtin_ctz(word));
#endif
}

/// The same byte four times.
KVFERRY_HOST_DEVICE constexpr std::uint32_t four_of(std::uint32_t byte) {
  return byte * 0x01010101U;
}

/// A small number of each of eight values: byte i of the eight is that of value i.
struct Octet {
  std::uint32_t low;
  std::uint32_t high;
};

KVFERRY_HOST_DEVICE constexpr std::uint32_t byte_of(const Octet& octet, std::uint32_t index) {
  return (index < 4 ? octet.low >> 8 * index : octet.high >> 8 * (index - 4)) & 0xffU;
}

/// @pre the byte was zero
KVFERRY_HOST_DEVICE constexpr void put_byte(Octet& octet, std::uint32_t index, std::uint32_t byte) {
  octet.low |= index < 4 ? byte << 8 * index : 0;
  octet.high |= index < 4 ? 0 : byte << 8 * (index - 4);
}

/// 0xff for each of the first `count` values.
KVFERRY_HOST_DEVICE constexpr Octet first_bytes(std::uint32_t count) {
  const auto ones = [](std::uint32_t bytes) {
    return bytes >= 4 ? ~std::uint32_t{0} : (std::uint32_t{1} << 8 * bytes) - 1;
  };
  return {ones(count), count < 4 ? 0 : ones(count - 4)};
}

KVFERRY_HOST_DEVICE constexpr Octet operator&(const Octet& a, const Octet& b) {
  return {a.low & b.low, a.high & b.high};
}

/// Eight values as they lie in memory.
template <DType kType>
struct OctetValues {
  static constexpr unsigned kWords = 8 * static_cast<unsigned>(bytes_per_value(kType)) / 4;
  std::uint32_t words[kWords];
};

// Four values each.

template <DType kType>
KVFERRY_HOST_DEVICE inline std::uint32_t exponents_of(std::uint32_t first, std::uint32_t second) {
  if constexpr (kType == DType::bf16) {
    const std::uint32_t low_bytes = gather_bytes(first, second, 0x6420);
    const std::uint32_t high_bytes = gather_bytes(first, second, 0x7531);
    return (high_bytes << 1 & 0xfefefefeU) | (low_bytes >> 7 & 0x01010101U);
  } else {
    constexpr unsigned kMantissa = NumberFormat<kType>::kMantissaBits;
    constexpr unsigned kMask = (1U << NumberFormat<kType>::kExponentBits) - 1;
    return first >> kMantissa & four_of(kMask);
  }
}

template <DType kType>
KVFERRY_HOST_DEVICE inline std::uint32_t sign_mantissas_of(std::uint32_t first,
                                                           std::uint32_t second) {
  if constexpr (kType == DType::bf16) {
    const std::uint32_t low_bytes = gather_bytes(first, second, 0x6420);
    const std::uint32_t high_bytes = gather_bytes(first, second, 0x7531);
    return (high_bytes & 0x80808080U) | (low_bytes & 0x7f7f7f7fU);
  } else {
    constexpr unsigned kMantissa = NumberFormat<kType>::kMantissaBits;
    constexpr unsigned kExponent = NumberFormat<kType>::kExponentBits;
    return (first >> kExponent & four_of(1U << kMantissa)) |
           (first & four_of((1U << kMantissa) - 1));
  }
}

template <DType kType>
KVFERRY_HOST_DEVICE inline Octet exponents_of(const OctetValues<kType>& values) {
  if constexpr (kType == DType::bf16) {
    return {exponents_of<kType>(values.words[0], values.words[1]),
            exponents_of<kType>(values.words[2], values.words[3])};
  } else {
    return {exponents_of<kType>(values.words[0], 0), exponents_of<kType>(values.words[1], 0)};
  }
}

template <DType kType>
KVFERRY_HOST_DEVICE inline Octet sign_mantissas_of(const OctetValues<kType>& values) {
  if constexpr (kType == DType::bf16) {
    return {sign_mantissas_of<kType>(values.words[0], values.words[1]),
            sign_mantissas_of<kType>(values.words[2], values.words[3])};
  } else {
    return {sign_mantissas_of<kType>(values.words[0], 0),
            sign_mantissas_of<kType>(values.words[1], 0)};
  }
}

/// Four exponents as join_octet() wants them: where they are in the value's bytes, for BF16 turned
/// right by one, so that the exponent's lowest bit is where the low byte of a value has it.
template <DType kType>
KVFERRY_HOST_DEVICE constexpr std::uint32_t placed(std::uint32_t exponents) {
  if constexpr (kType == DType::bf16) {
    return (exponents >> 1 & 0x7f7f7f7fU) | (exponents << 7 & 0x80808080U);
  } else {
    return exponents << NumberFormat<kType>::kMantissaBits;
  }
}
template <DType kType>
KVFERRY_HOST_DEVICE constexpr Octet placed(const Octet& exponents) {
  return {placed<kType>(exponents.low), placed<kType>(exponents.high)};
}

template <DType kType>
KVFERRY_HOST_DEVICE inline OctetValues<kType> join_octet(const Octet& placed_exponents,
                                                         const Octet& sign_mantissas) {
  if constexpr (kType == DType::bf16) {
    constexpr std::uint32_t kSign = 0x80808080U;
    const auto high_bytes = [](std::uint32_t exponents, std::uint32_t parts) {
      return (parts & kSign) | (exponents & ~kSign);
    };
    const auto low_bytes = [](std::uint32_t exponents, std::uint32_t parts) {
      return (parts & ~kSign) | (exponents & kSign);
    };
    const std::uint32_t low_a = low_bytes(placed_exponents.low, sign_mantissas.low);
    const std::uint32_t high_a = high_bytes(placed_exponents.low, sign_mantissas.low);
    const std::uint32_t low_b = low_bytes(placed_exponents.high, sign_mantissas.high);
    const std::uint32_t high_b = high_bytes(placed_exponents.high, sign_mantissas.high);
    return {{gather_bytes(low_a, high_a, 0x5140), gather_bytes(low_a, high_a, 0x7362),
             gather_bytes(low_b, high_b, 0x5140), gather_bytes(low_b, high_b, 0x7362)}};
  } else {
    constexpr unsigned kMantissa = NumberFormat<kType>::kMantissaBits;
    constexpr unsigned kExponent = NumberFormat<kType>::kExponentBits;
    const auto joined = [](std::uint32_t exponents, std::uint32_t parts) {
      return exponents | (parts << kExponent & 0x80808080U) |
             (parts & four_of((1U << kMantissa) - 1));
    };
    return {{joined(placed_exponents.low, sign_mantissas.low),
             joined(placed_exponents.high, sign_mantissas.high)}};
  }
}

// Codes.

/// A codebook whose exponents follow one another without gaps: code = exponent - first.
struct ContiguousBook {
  std::uint32_t four_first;      ///< the first exponent four times
  std::uint32_t four_headrooms;  ///< 128 - size, four times
};
KVFERRY_HOST_DEVICE constexpr ContiguousBook contiguous_book(std::uint32_t first,
                                                             std::uint32_t size) {
  return {four_of(first), four_of(128 - size)};
}

/// In coded bytes an escape has the bit 0x80 set; else they are codes.
inline constexpr std::uint32_t kEscapeBit = 0x80;

/// Codes or escapes of four exponents. The difference to the first exponent, byte by byte and
/// modulo 256, is a code where it is below the codebook's size.
KVFERRY_HOST_DEVICE constexpr std::uint32_t coded(const ContiguousBook& book,
                                                  std::uint32_t exponents) {
  constexpr std::uint32_t kTop = 0x80808080U;
  const std::uint32_t wide = (exponents | kTop) - (book.four_first & ~kTop);
  const std::uint32_t difference = wide ^ (~(exponents ^ book.four_first) & kTop);
  const std::uint32_t too_large = (difference & ~kTop) + book.four_headrooms;
  return (difference & ~kTop) | ((difference | too_large) & kTop);
}

/// Likewise for any codebook. @param code_of by exponent: the code, or kEscapeBit
KVFERRY_HOST_DEVICE inline std::uint32_t coded(const std::uint8_t* code_of,
                                               std::uint32_t exponents) {
  return std::uint32_t{code_of[exponents & 0xffU]} |
         std::uint32_t{code_of[exponents >> 8 & 0xffU]} << 8 |
         std::uint32_t{code_of[exponents >> 16 & 0xffU]} << 16 |
         std::uint32_t{code_of[exponents >> 24]} << 24;
}

/// Bit i: value i is an escape.
KVFERRY_HOST_DEVICE inline std::uint32_t escapes_in(const Octet& coded_bytes) {
  const std::uint32_t high = coded_bytes.high >> 7 & 0x01010101U;
  const std::uint32_t low = coded_bytes.low >> 7 & 0x01010101U;
  return weigh_bytes(low, 0x08040201U, weigh_bytes(high, 0x80402010U, 0));
}

/// Codes as the planes have them, escapes as the mode says, W bits in each byte.
template <FrameFormat kFormat>
KVFERRY_HOST_DEVICE inline Octet written_codes(const Octet& coded_bytes) {
  constexpr std::uint32_t kCodeMask = four_of((1U << kFormat.code_bits) - 1);
  const auto written = [](std::uint32_t bytes) {
    const std::uint32_t escapes = gather_bytes(bytes, 0, 0xba98);  // 0xff where the top bit is set
    if constexpr (kFormat.mode == EscapeMode::sentinel) return (bytes | escapes) & kCodeMask;
    return bytes & ~escapes & kCodeMask;
  };
  return {written(coded_bytes.low), written(coded_bytes.high)};
}

// Planes.

/// Eight numbers of a plane of kBits bits.
template <unsigned kBits>
using PlaneOctet = std::conditional_t<
    kBits == 8, std::uint64_t,
    std::conditional_t<kBits == 4, std::uint32_t,
                       std::conditional_t<kBits == 2, std::uint16_t, std::uint8_t>>>;

/// Bits kShift ... kShift + kBits - 1 of each byte, side by side.
template <unsigned kBits, unsigned kShift = 0>
KVFERRY_HOST_DEVICE inline PlaneOctet<kBits> pack(const Octet& octet) {
  constexpr std::uint32_t kMask = four_of((1U << kBits) - 1);
  const std::uint32_t low = octet.low >> kShift & kMask;
  const std::uint32_t high = octet.high >> kShift & kMask;
  if constexpr (kBits == 8) return std::uint64_t{high} << 32 | low;
  if constexpr (kBits == 4) return gather_bytes(low | low >> 4, high | high >> 4, 0x6420);
  if constexpr (kBits == 2) {
    const std::uint32_t upper = weigh_bytes(high, 0x40100401U, 0);
    return static_cast<std::uint16_t>(upper << 8 | weigh_bytes(low, 0x40100401U, 0));
  }
  if constexpr (kBits == 1) {
    const std::uint32_t upper = weigh_bytes(high, 0x80402010U, 0);
    return static_cast<std::uint8_t>(weigh_bytes(low, 0x08040201U, upper));
  }
}

/// The inverse of pack(), without the shift.
template <unsigned kBits>
KVFERRY_HOST_DEVICE inline Octet spread(PlaneOctet<kBits> plane) {
  if constexpr (kBits == 8) {
    return {static_cast<std::uint32_t>(plane), static_cast<std::uint32_t>(plane >> 32)};
  } else if constexpr (kBits == 4) {
    const std::uint32_t even = plane & 0x0f0f0f0fU;
    const std::uint32_t odd = plane >> 4 & 0x0f0f0f0fU;
    return {gather_bytes(even, odd, 0x5140), gather_bytes(even, odd, 0x7362)};
  } else if constexpr (kBits == 2) {
    const auto quartet = [](std::uint32_t byte) {
      const std::uint32_t wide = byte | byte << 12;
      return (wide | wide << 6) & 0x03030303U;
    };
    return {quartet(plane & 0xffU), quartet(static_cast<std::uint32_t>(plane) >> 8)};
  } else {
    const auto quartet = [](std::uint32_t nibble) { return nibble * 0x00204081U & 0x01010101U; };
    return {quartet(plane & 0xfU), quartet(static_cast<std::uint32_t>(plane) >> 4)};
  }
}

/// Eight codes as nibbles, value 0 in the lowest: what placed_exponents() selects with.
template <FrameFormat kFormat>
KVFERRY_HOST_DEVICE inline std::uint32_t code_nibbles(std::uint32_t low_plane,
                                                      std::uint32_t high_plane) {
  if constexpr (kFormat.code_bits == 4) {
    return low_plane;
  } else {
    std::uint32_t low = (low_plane | low_plane << 8) & 0x00ff00ffU;
    low = (low | low << 4) & 0x0f0f0f0fU;
    low = (low | low << 2) & 0x33333333U;
    std::uint32_t high = (high_plane | high_plane << 12) & 0x000f000fU;
    high = (high | high << 6) & 0x03030303U;
    high = (high | high << 3) & 0x11111111U;
    return low | high << 2;
  }
}

/// Nibble bit 0 where a nibble has the code 2^W - 1.
template <FrameFormat kFormat>
KVFERRY_HOST_DEVICE constexpr std::uint32_t sentinels_in(std::uint32_t nibbles) {
  std::uint32_t all = nibbles & nibbles >> 1 & nibbles >> 2;
  if constexpr (kFormat.code_bits == 4) all &= nibbles >> 3;
  return all & 0x11111111U;
}

/// How many nibbles are at least `limit`. @param limit 1 ... 16
KVFERRY_HOST_DEVICE inline std::uint32_t count_at_least(std::uint32_t nibbles,
                                                        std::uint32_t limit) {
  const std::uint32_t headroom = four_of(128 - limit);
  const std::uint32_t even = ((nibbles & 0x0f0f0f0fU) + headroom) & 0x80808080U;
  const std::uint32_t odd = ((nibbles >> 4 & 0x0f0f0f0fU) + headroom) & 0x80808080U;
  return count_bits(even | odd >> 1);
}

/// Placed exponents by code, 0 where a code names none.
struct ExponentTable {
  std::uint32_t words[4];
};

template <FrameFormat kFormat>
KVFERRY_HOST_DEVICE inline Octet placed_exponents(const ExponentTable& table,
                                                  std::uint32_t nibbles) {
  const auto select = [&table](std::uint32_t selectors) {
    if constexpr (kFormat.code_bits == 3) {
      return gather_bytes(table.words[0], table.words[1], selectors);
    } else {
      // The codes' low three bits select in either half of the table, bit 3 selects the half.
      const std::uint32_t low_bits = selectors & 0x7777U;
      const std::uint32_t halves = (selectors >> 1 & 0x4444U) | 0x3210U;
      return gather_bytes(gather_bytes(table.words[0], table.words[1], low_bits),
                          gather_bytes(table.words[2], table.words[3], low_bits), halves);
    }
  };
  return {select(nibbles & 0xffffU), select(nibbles >> 16)};
}

/// Whether one of the four words' 16 bytes is `byte`.
KVFERRY_HOST_DEVICE constexpr bool contains_byte(const std::uint32_t (&words)[4],
                                                 std::uint32_t byte) {
  std::uint32_t found = 0;
  for (const std::uint32_t word : words) {
    const std::uint32_t difference = word ^ four_of(byte);
    found |= (difference - 0x01010101U) & ~difference & 0x80808080U;
  }
  return found != 0;
}

}  // namespace kvferry::codec::cuda
