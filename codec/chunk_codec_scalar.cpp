#include "codec/chunk_codec_scalar.hpp"

#include "codec/bit_planes.hpp"
#include "codec/checksum.hpp"
#include "codec/chunk_codec_shape.hpp"

#include <algorithm>
#include <cstring>

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
  if constexpr (kSplit.low_bits > 0) {
    std::fill_n(planes.low, plane_bytes(count, kSplit.low_bits), std::byte{0});
  }
  if constexpr (kSplit.high_bits > 0) {
    std::fill_n(planes.high, plane_bytes(count, kSplit.high_bits), std::byte{0});
  }
}

template <BitSplit kSplit>
void put(const PlanePair<std::byte>& planes, std::uint32_t index, unsigned number) {
  if constexpr (kSplit.low_bits > 0)
    put_bits(planes.low, kSplit.low_bits, index, number & ((1U << kSplit.low_bits) - 1));
  if constexpr (kSplit.high_bits > 0)
    put_bits(planes.high, kSplit.high_bits, index, number >> kSplit.low_bits);
}

template <BitSplit kSplit>
unsigned get(const PlanePair<const std::byte>& planes, std::uint32_t index) {
  unsigned number = 0;
  if constexpr (kSplit.low_bits > 0) number = get_bits(planes.low, kSplit.low_bits, index);
  if constexpr (kSplit.high_bits > 0) {
    number |= get_bits(planes.high, kSplit.high_bits, index) << kSplit.low_bits;
  }
  return number;
}

template <typename Format>
struct Loops {
  static constexpr DType kType = Format::kDType;

  static ChunkCodec codec() {
    return {encode, decode, patch, encode_raw, decode_raw, are_escapes, checksum};
  }

  static void encode(const EncodeJob& job) {
    clear<Format::kSignMantissa>(job.planes.sign_mantissa, job.count);
    clear<Format::kCodes>(job.planes.codes, job.count);
    EscapeList& escapes = *job.escapes;
    for (std::uint32_t i = 0; i < job.count; ++i) {
      const NumberParts parts = split<kType>(load<kType>(job.values, i));
      put<Format::kSignMantissa>(job.planes.sign_mantissa, i, parts.sign_mantissa);
      unsigned code = job.tables->code_of[parts.exponent];
      if (code == Codebook::kEscape) {
        if constexpr (!Format::kIsSentinelMode) {
          escapes.positions[escapes.count] = static_cast<std::uint16_t>(job.first_position + i);
        }
        escapes.exponents[escapes.count] = parts.exponent;
        ++escapes.count;
        code = Format::kEscapeCode;
      }
      put<Format::kCodes>(job.planes.codes, i, code);
    }
  }

  static bool decode(const DecodeJob& job) {
    std::uint32_t escapes = 0;
    for (std::uint32_t i = 0; i < job.count; ++i) {
      const unsigned code = get<Format::kCodes>(job.planes.codes, i);
      std::uint8_t exponent = job.tables->exponent_of[code];
      if (Format::kIsSentinelMode && code == Format::kSentinel) {
        if (escapes == job.escape_count) return false;
        exponent = job.escape_exponents[escapes++];
      } else if (code >= job.tables->size) {
        return false;
      }
      store_parts(job.planes, i, exponent, job.values);
    }
    return !Format::kIsSentinelMode || escapes == job.escape_count;
  }

  static bool patch(const PatchJob& job) {
    const auto* const exponents =
        reinterpret_cast<const std::uint8_t*>(job.record) + 2 * std::size_t{job.escape_count};
    std::int32_t previous = -1;
    for (std::uint32_t k = 0; k < job.escape_count; ++k) {
      std::uint16_t position = 0;
      std::memcpy(&position, job.record + 2 * std::size_t{k}, 2);
      if (position <= previous || position >= job.count ||
          get<Format::kCodes>(job.planes.codes, position) != 0) {
        return false;
      }
      previous = position;
      store_parts(job.planes, position, exponents[k], job.values);
    }
    return true;
  }

  static void encode_raw(const RawEncodeJob& job) {
    clear<Format::kCodes>(job.codes, job.count);
    clear<Format::kRest>(job.rest, job.count);
    for (std::uint32_t i = 0; i < job.count; ++i) {
      const unsigned exponent = split<kType>(load<kType>(job.values, i)).exponent;
      put<Format::kCodes>(job.codes, i, exponent & ((1U << Format::kCodeBits) - 1));
      put<Format::kRest>(job.rest, i, exponent >> Format::kCodeBits);
    }
  }

  static void decode_raw(const RawDecodeJob& job) {
    for (std::uint32_t i = 0; i < job.count; ++i) {
      const unsigned exponent = get<Format::kCodes>(job.planes.codes, i) |
                                get<Format::kRest>(job.rest, i) << Format::kCodeBits;
      store_parts(job.planes, i, static_cast<std::uint8_t>(exponent), job.values);
    }
  }

  static bool are_escapes(const CodeTables& tables, const std::uint8_t* exponents,
                          std::uint32_t count) {
    return std::all_of(exponents, exponents + count, [&](std::uint8_t exponent) {
      return exponent >> exponent_bits(kType) == 0 && tables.code_of[exponent] == Codebook::kEscape;
    });
  }

  static std::uint32_t checksum(const std::byte* values, std::size_t bytes,
                                std::uint64_t first_word) {
    return chunk_checksum({values, bytes}, first_word);
  }

 private:
  // Value i from its exponent and the sign-mantissa planes.
  static void store_parts(const ChunkPlanes<const std::byte>& planes, std::uint32_t i,
                          std::uint8_t exponent, std::byte* values) {
    const unsigned sign_mantissa = get<Format::kSignMantissa>(planes.sign_mantissa, i);
    store<kType>(values, i, {exponent, static_cast<std::uint8_t>(sign_mantissa)});
  }
};

}  // namespace

ChunkCodec scalar_chunk_codec(const FrameFormat& format) {
  return loops_of<Loops>(format);
}

}  // namespace kvferry::codec
