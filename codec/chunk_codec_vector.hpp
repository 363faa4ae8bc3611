// The loops over blocks of numbers, one number in each byte of a register. `Vector` stands for an
// instruction set; chunk_codec_avx2.cpp and chunk_codec_avx512.cpp have one each:
//
//   Register, kBlock      a register and the numbers in it
//   Lanes                 a bit for each of them
//   all(byte)             the same byte everywhere
//   select(m, a, b)       the bits of a where m has ones, those of b elsewhere
//   shifted_left<k> ...   of pairs of numbers, as if they were one
//   pack<w>, unpack<w>    a block to and from a plane of width w: 8, 4, 2 or 1
//   split_bf16, join_bf16 the bytes of a block of values to exponents and sign-mantissas, and back
//   CodeLookup<Format>    exponents to codes; those of escapes have bit 7 set, below it kEscapeCode
//   append<Format>        the escapes of a block to the list
//   EscapeSource          a list of exponents to the lanes they belong to
//
// What is left after the last whole block is the scalar loops'. Internal linkage, and no inline
// function of another header: see chunk_codec_shape.hpp.
#pragma once

#include "codec/checksum.hpp"
#include "codec/chunk_codec_scalar.hpp"
#include "codec/chunk_codec_shape.hpp"

#include <cstring>

namespace kvferry::codec {
namespace {

template <typename Vector>
struct Parts {
  typename Vector::Register exponents;
  typename Vector::Register sign_mantissas;
};

/// Numbers to planes; bits above those of the planes are ignored.
template <typename Vector, BitSplit kSplit>
void put(const PlanePair<std::byte>& planes, std::uint32_t first,
         typename Vector::Register numbers) {
  constexpr unsigned kLowMask = (1U << kSplit.low_bits) - 1;
  static_assert(kSplit.high_bits <= 1);
  if constexpr (kSplit.low_bits == 8) {
    Vector::template pack<8>(numbers, planes.low + first);
  } else if constexpr (kSplit.low_bits > 0) {
    Vector::template pack<kSplit.low_bits>(numbers & Vector::all(kLowMask),
                                           planes.low + first / 8 * kSplit.low_bits);
  }
  if constexpr (kSplit.high_bits > 0) {
    Vector::template pack<1>(numbers & Vector::all(kLowMask + 1), planes.high + first / 8);
  }
}

template <typename Vector, BitSplit kSplit>
typename Vector::Register get(const PlanePair<const std::byte>& planes, std::uint32_t first) {
  auto numbers = Vector::all(0);
  if constexpr (kSplit.low_bits > 0) {
    numbers = Vector::template unpack<kSplit.low_bits>(planes.low + first / 8 * kSplit.low_bits);
  }
  if constexpr (kSplit.high_bits > 0) {
    const auto high = Vector::template unpack<1>(planes.high + first / 8);
    numbers |= Vector::template shifted_left<kSplit.low_bits>(high);
  }
  return numbers;
}

template <typename Vector, DType kType>
Parts<Vector> split_block(const std::byte* values) {
  constexpr int kMantissaBits = NumberFormat<kType>::kMantissaBits;
  constexpr int kExponentBits = NumberFormat<kType>::kExponentBits;
  if constexpr (kType == DType::bf16) {
    return Vector::split_bf16(values);
  } else {
    const auto bits = Vector::template unpack<8>(values);
    const auto exponents = Vector::template shifted_right<kMantissaBits>(bits);
    const auto signs = Vector::template shifted_right<kExponentBits>(bits);
    return {exponents & Vector::all((1U << kExponentBits) - 1),
            Vector::select(Vector::all((1U << kMantissaBits) - 1), bits,
                           signs & Vector::all(1U << kMantissaBits))};
  }
}

/// Exponents with their bits where join_block() wants them: those of FP8 in their place; those of
/// BF16, whose values have seven in one byte and one in the other, rotated by one.
template <typename Vector, DType kType>
typename Vector::Register placed(typename Vector::Register exponents) {
  if constexpr (kType == DType::bf16) {
    return Vector::select(Vector::all(0x80), Vector::template shifted_left<7>(exponents),
                          Vector::template shifted_right<1>(exponents));
  } else {
    return Vector::template shifted_left<NumberFormat<kType>::kMantissaBits>(exponents);
  }
}

template <typename Vector, DType kType>
void join_block(const Parts<Vector>& placed_parts, std::byte* values) {
  constexpr int kMantissaBits = NumberFormat<kType>::kMantissaBits;
  constexpr int kExponentBits = NumberFormat<kType>::kExponentBits;
  if constexpr (kType == DType::bf16) {
    Vector::join_bf16(placed_parts, values);
  } else {
    const auto signs = Vector::template shifted_left<kExponentBits>(placed_parts.sign_mantissas);
    const auto magnitudes = Vector::select(Vector::all((1U << kMantissaBits) - 1),
                                           placed_parts.sign_mantissas, placed_parts.exponents);
    Vector::template pack<8>(Vector::select(Vector::all(0x80), signs, magnitudes), values);
  }
}

template <typename Vector>
std::uint32_t checksum(const std::byte* values, std::size_t bytes, std::uint64_t first_word) {
  constexpr std::uint32_t kWords = Vector::kBlock / 4;
  const auto step = Vector::all_words(kWords * kChecksumFactor);
  auto factors = Vector::multiply_words(
      Vector::add_words(Vector::all_words(static_cast<std::uint32_t>(first_word)),
                        Vector::word_indices()),
      Vector::all_words(kChecksumFactor));
  auto sums = Vector::all(0);
  std::size_t i = 0;
  for (; i + Vector::kBlock <= bytes; i += Vector::kBlock) {
    const auto words = Vector::template unpack<8>(values + i);
    sums = Vector::add_words(sums, Vector::multiply_words(words, factors | Vector::all_words(1)));
    factors = Vector::add_words(factors, step);
  }
  std::byte stored[Vector::kBlock];
  Vector::template pack<8>(sums, stored);
  std::uint32_t sum = scalar_chunk_codec({}).checksum(values + i, bytes - i, first_word + i / 4);
  for (std::uint32_t word = 0; word < kWords; ++word) {
    std::uint32_t part = 0;
    std::memcpy(&part, stored + 4 * word, sizeof part);
    sum += part;
  }
  return sum;
}

enum class CodeCheck { needed, unneeded };

template <typename Vector, typename Format>
struct VectorLoops {
  using Register = typename Vector::Register;
  using Lanes = typename Vector::Lanes;
  using Lookup = typename Vector::template CodeLookup<Format>;
  static constexpr DType kType = Format::kDType;
  static constexpr std::uint32_t kBlock = Vector::kBlock;

  static ChunkCodec codec() {
    return {encode, decode, scalar().patch, encode_raw, decode_raw, are_escapes, checksum<Vector>};
  }
  static ChunkCodec scalar() { return scalar_chunk_codec(Format::kFormat); }

  // The loops copy what they read from their job: for all the compiler knows, a byte they store
  // might be one of it.
  static void encode(const EncodeJob& job) {
    const Lookup lookup(*job.tables);
    const auto [values, count, first_position, tables, planes, list] = job;
    EscapeList escapes = *list;
    std::uint32_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
      const auto parts = split_block<Vector, kType>(values + std::size_t{Format::kWidth} * i);
      put<Vector, Format::kSignMantissa>(planes.sign_mantissa, i, parts.sign_mantissas);
      const Register codes = lookup.codes(parts.exponents);
      put<Vector, Format::kCodes>(planes.codes, i, codes);
      const Lanes escaped = Vector::highest_bits(codes);
      if (escaped == 0) continue;
      Vector::template append<Format>(escapes, first_position + i, escaped, parts.exponents);
    }
    *list = escapes;
    if (i < count) scalar().encode(job_after<Format>(job, i));
  }

  static bool decode(const DecodeJob& job) {
    constexpr std::size_t kMostCodes = max_codebook_size(Format::kFormat);
    const bool all_codes_are_good = job.tables->size == kMostCodes;
    return all_codes_are_good ? decode_blocks<CodeCheck::unneeded>(job)
                              : decode_blocks<CodeCheck::needed>(job);
  }

  static void encode_raw(const RawEncodeJob& job) {
    const auto [values, count, codes, rest] = job;
    std::uint32_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
      const Register exponents =
          split_block<Vector, kType>(values + std::size_t{Format::kWidth} * i).exponents;
      put<Vector, Format::kCodes>(codes, i, exponents);
      put<Vector, Format::kRest>(rest, i,
                                 Vector::template shifted_right<Format::kCodeBits>(exponents));
    }
    if (i < count) scalar().encode_raw(job_after<Format>(job, i));
  }

  static void decode_raw(const RawDecodeJob& job) {
    const auto [planes, rest_planes, count, values] = job;
    std::uint32_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
      const Register rest = get<Vector, Format::kRest>(rest_planes, i);
      const Register exponents = get<Vector, Format::kCodes>(planes.codes, i) |
                                 Vector::template shifted_left<Format::kCodeBits>(rest);
      join_block<Vector, kType>({placed<Vector, kType>(exponents), sign_mantissas(planes, i)},
                                values + std::size_t{Format::kWidth} * i);
    }
    if (i < count) scalar().decode_raw(job_after<Format>(job, i));
  }

  static bool are_escapes(const CodeTables& tables, const std::uint8_t* exponents,
                          std::uint32_t count) {
    constexpr unsigned kForeignBits = 0xff & ~((1U << exponent_bits(kType)) - 1);
    std::uint32_t i = 0;
    if (count >= kBlock) {
      const Lookup lookup(tables);
      Register foreign = Vector::all(0);
      Register escapes = Vector::all(0xff);
      for (; i + kBlock <= count; i += kBlock) {
        const Register some =
            Vector::template unpack<8>(reinterpret_cast<const std::byte*>(exponents + i));
        foreign |= some & Vector::all(kForeignBits);
        escapes &= lookup.codes(some);
      }
      const Lanes wrong = ~Vector::highest_bits(escapes) | ~Vector::equal(foreign, Vector::all(0));
      if (wrong != 0) return false;
    }
    return scalar().are_escapes(tables, exponents + i, count - i);
  }

 private:
  static Register sign_mantissas(const ChunkPlanes<const std::byte>& planes, std::uint32_t first) {
    return get<Vector, Format::kSignMantissa>(planes.sign_mantissa, first);
  }

  template <CodeCheck kCheck>
  static bool decode_blocks(const DecodeJob& job) {
    const auto [planes, count, tables, list, escape_count, values] = job;
    const Register exponent_of = placed<Vector, kType>(Vector::row(&tables->exponent_of));
    const Register size = Vector::all(tables->size);
    const typename Vector::EscapeSource source(list, Format::kIsSentinelMode ? escape_count : 0);
    Lanes outside = 0;
    std::uint32_t taken = 0;
    std::uint32_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
      const Register codes = get<Vector, Format::kCodes>(planes.codes, i);
      Register exponents = Vector::entries(exponent_of, codes);
      Lanes escaped = 0;
      if constexpr (Format::kIsSentinelMode) {
        escaped = Vector::equal(codes, Vector::all(Format::kSentinel));
        const std::uint32_t found = Vector::count_of(escaped);
        if (found > escape_count - taken) return false;
        // The sentinel's own entry is 0.
        if (found > 0) exponents |= placed<Vector, kType>(source.spread(escaped, taken));
        taken += found;
      }
      if constexpr (kCheck == CodeCheck::needed) {
        outside |= Vector::at_least(codes, size) & ~escaped;
      }
      join_block<Vector, kType>({exponents, sign_mantissas(planes, i)},
                                values + std::size_t{Format::kWidth} * i);
    }
    return outside == 0 && scalar().decode(job_after<Format>(job, i, taken));
  }
};

}  // namespace
}  // namespace kvferry::codec
