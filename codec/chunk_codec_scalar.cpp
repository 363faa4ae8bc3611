#include "codec/chunk_codec_scalar.hpp"

#include "codec/bit_planes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvferry::codec {
namespace {

template <DType kType>
typename NumberFormat<kType>::Bits load(const std::byte* values, std::uint32_t index) {
  typename NumberFormat<kType>::Bits bits{};
  std::memcpy(&bits, values + sizeof bits * index, sizeof bits);
  return bits;
}

template <DType kType>
void store(std::byte* values, std::uint32_t index, NumberParts parts) {
  const auto bits = join<kType>(parts);
  std::memcpy(values + sizeof bits * index, &bits, sizeof bits);
}

template <BitSplit kSplit>
void clear(const PlanePair<std::byte>& planes, std::uint32_t count) {
  std::fill_n(planes.low, plane_bytes(count, kSplit.low_bits), std::byte{0});
  if constexpr (kSplit.high_bits > 0) {
    std::fill_n(planes.high, plane_bytes(count, kSplit.high_bits), std::byte{0});
  }
}

template <BitSplit kSplit>
void put(const PlanePair<std::byte>& planes, std::uint32_t index, unsigned number) {
  put_bits(planes.low, kSplit.low_bits, index, number & ((1U << kSplit.low_bits) - 1));
  if constexpr (kSplit.high_bits > 0)
    put_bits(planes.high, kSplit.high_bits, index, number >> kSplit.low_bits);
}

template <BitSplit kSplit>
unsigned get(const PlanePair<const std::byte>& planes, std::uint32_t index) {
  unsigned number = get_bits(planes.low, kSplit.low_bits, index);
  if constexpr (kSplit.high_bits > 0) {
    number |= get_bits(planes.high, kSplit.high_bits, index) << kSplit.low_bits;
  }
  return number;
}

// A format whose shape is known to the compiler.
template <DType kType, std::uint8_t kCodeBits, EscapeMode kMode>
struct Loops {
  static constexpr FrameFormat kFormat{kType, kCodeBits, kMode};
  static constexpr BitSplit kSignMantissa = sign_mantissa_split(kType);
  static constexpr BitSplit kCodes = code_split(kFormat);
  static constexpr unsigned kSentinel = (1U << kCodeBits) - 1;
  static constexpr unsigned kEscapeCode = kMode == EscapeMode::sentinel ? kSentinel : 0;

  static void encode(const EncodeJob& job) {
    clear<kSignMantissa>(job.planes.sign_mantissa, job.count);
    clear<kCodes>(job.planes.codes, job.count);
    EscapeList& escapes = *job.escapes;
    for (std::uint32_t i = 0; i < job.count; ++i) {
      const NumberParts parts = split<kType>(load<kType>(job.values, i));
      put<kSignMantissa>(job.planes.sign_mantissa, i, parts.sign_mantissa);
      unsigned code = job.tables->code_of[parts.exponent];
      if (code == Codebook::kEscape) {
        escapes.positions[escapes.count] = static_cast<std::uint16_t>(job.first_position + i);
        escapes.exponents[escapes.count] = parts.exponent;
        ++escapes.count;
        code = kEscapeCode;
      }
      put<kCodes>(job.planes.codes, i, code);
    }
  }

  static DecodeVerdict decode(const DecodeJob& job) {
    std::uint32_t escapes = 0;
    for (std::uint32_t i = 0; i < job.count; ++i) {
      const unsigned code = get<kCodes>(job.planes.codes, i);
      std::uint8_t exponent = job.tables->exponent_of[code];
      if (kMode == EscapeMode::sentinel && code == kSentinel) {
        if (escapes == job.escape_count) return DecodeVerdict::wrong_escape_count;
        exponent = job.escape_exponents[escapes++];
      } else if (code >= job.tables->size) {
        return DecodeVerdict::code_outside_codebook;
      }
      const auto sign_mantissa =
          static_cast<std::uint8_t>(get<kSignMantissa>(job.planes.sign_mantissa, i));
      store<kType>(job.values, i, {exponent, sign_mantissa});
    }
    const bool all_taken = kMode == EscapeMode::positional || escapes == job.escape_count;
    return all_taken ? DecodeVerdict::good : DecodeVerdict::wrong_escape_count;
  }
};

template <DType kType>
ChunkCodec loops_of(const FrameFormat& format) {
  const auto loops = []<std::uint8_t kCodeBits, EscapeMode kMode>() {
    using Format = Loops<kType, kCodeBits, kMode>;
    return ChunkCodec{Format::encode, Format::decode};
  };
  if (format.code_bits == 3) return loops.template operator()<3, EscapeMode::sentinel>();
  return format.mode == EscapeMode::sentinel
             ? loops.template operator()<4, EscapeMode::sentinel>()
             : loops.template operator()<4, EscapeMode::positional>();
}

}  // namespace

ChunkCodec scalar_chunk_codec(const FrameFormat& format) {
  switch (format.dtype) {
    case DType::bf16:
      return loops_of<DType::bf16>(format);
    case DType::e5m2:
      return loops_of<DType::e5m2>(format);
    case DType::e4m3:
      break;
  }
  return loops_of<DType::e4m3>(format);
}

}  // namespace kvferry::codec
