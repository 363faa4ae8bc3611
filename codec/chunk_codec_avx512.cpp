#include "codec/chunk_codec_avx512.hpp"

#include "codec/chunk_codec_vector.hpp"

#include <immintrin.h>

namespace kvferry::codec {
namespace {

struct alignas(64) ByteIndices {
  std::uint8_t bytes[64];
};
consteval ByteIndices every(unsigned stride, unsigned first) {
  ByteIndices indices{};
  for (unsigned i = 0; i < 64; ++i) {
    indices.bytes[i] = static_cast<std::uint8_t>(first + stride * i);
  }
  return indices;
}
// Byte i of one register, then byte i of another; from i = first on.
consteval ByteIndices pairs(unsigned first) {
  ByteIndices indices{};
  for (unsigned i = 0; i < 64; ++i) {
    indices.bytes[i] = static_cast<std::uint8_t>(first + i / 2 + 64 * (i % 2));
  }
  return indices;
}
constexpr ByteIndices kAll = every(1, 0);
constexpr ByteIndices kEven = every(2, 0);
constexpr ByteIndices kOdd = every(2, 1);
constexpr ByteIndices kLowerPairs = pairs(0);
constexpr ByteIndices kUpperPairs = pairs(32);

__m512i load(const ByteIndices& indices) {
  return _mm512_load_si512(&indices);
}

struct Avx512 {
  using Register = __m512i;
  using Lanes = std::uint64_t;
  static constexpr std::uint32_t kBlock = 64;

  static Register all(unsigned byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }
  static Register select(Register where, Register one, Register zero) {
    return _mm512_ternarylogic_epi32(where, one, zero, 0xca);
  }
  template <int kBits>
  static Register shifted_left(Register numbers) {
    return _mm512_slli_epi16(numbers, kBits);
  }
  template <int kBits>
  static Register shifted_right(Register numbers) {
    return _mm512_srli_epi16(numbers, kBits);
  }
  static Lanes highest_bits(Register numbers) { return _mm512_movepi8_mask(numbers); }
  static Lanes equal(Register a, Register b) { return _mm512_cmpeq_epi8_mask(a, b); }
  static Lanes at_least(Register a, Register b) { return _mm512_cmpge_epu8_mask(a, b); }
  static std::uint32_t count_of(Lanes lanes) {
    return static_cast<std::uint32_t>(_mm_popcnt_u64(lanes));
  }

  /// A table of 16 entries, and the entries of some indices.
  static Register row(const void* bytes) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(bytes)));
  }
  static Register entries(Register table, Register indices) {
    return _mm512_shuffle_epi8(table, indices);
  }

  template <int kBits>
  static void pack(Register numbers, std::byte* plane) {
    if constexpr (kBits == 8) {
      _mm512_storeu_si512(plane, numbers);
    } else if constexpr (kBits == 4) {
      const __m512i pairs = _mm512_maddubs_epi16(numbers, _mm512_set1_epi16(0x1001));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(plane), _mm512_cvtepi16_epi8(pairs));
    } else if constexpr (kBits == 2) {
      const __m512i pairs = _mm512_maddubs_epi16(numbers, _mm512_set1_epi16(0x0401));
      const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00100001));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(plane), _mm512_cvtepi32_epi8(fours));
    } else {
      static_assert(kBits == 1);
      const __mmask64 bits = _mm512_test_epi8_mask(numbers, numbers);
      std::memcpy(plane, &bits, sizeof bits);
    }
  }

  template <int kBits>
  static Register unpack(const std::byte* plane) {
    if constexpr (kBits == 8) {
      return _mm512_loadu_si512(plane);
    } else if constexpr (kBits == 4) {
      const auto bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(plane));
      const __m512i pairs = _mm512_cvtepu8_epi16(bytes);
      // (pairs | pairs << 4) & 0x0f
      return _mm512_ternarylogic_epi32(pairs, _mm512_slli_epi16(pairs, 4), all(0x0f), 0xa8);
    } else if constexpr (kBits == 2) {
      const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(plane));
      const __m512i shifts = _mm512_set1_epi64(0x0e0c0a0806040200);
      const __m512i eights = _mm512_multishift_epi64_epi8(shifts, _mm512_cvtepu16_epi64(bytes));
      return eights & all(3);
    } else {
      static_assert(kBits == 1);
      __mmask64 bits = 0;
      std::memcpy(&bits, plane, sizeof bits);
      return _mm512_maskz_mov_epi8(bits, all(1));
    }
  }

  static Parts<Avx512> split_bf16(const std::byte* values) {
    const __m512i first = _mm512_loadu_si512(values);
    const __m512i second = _mm512_loadu_si512(values + kBlock);
    const __m512i low = _mm512_permutex2var_epi8(first, load(kEven), second);
    const __m512i high = _mm512_permutex2var_epi8(first, load(kOdd), second);
    const __m512i upper_bits = _mm512_add_epi8(high, high);
    const __mmask64 lowest_bit = _mm512_movepi8_mask(low);
    return {_mm512_mask_add_epi8(upper_bits, lowest_bit, upper_bits, all(1)),
            select(all(0x80), high, low)};
  }
  static void join_bf16(const Parts<Avx512>& parts, std::byte* values) {
    const __m512i low = select(all(0x80), parts.exponents, parts.sign_mantissas);
    const __m512i high = select(all(0x80), parts.sign_mantissas, parts.exponents);
    _mm512_storeu_si512(values, _mm512_permutex2var_epi8(low, load(kLowerPairs), high));
    _mm512_storeu_si512(values + kBlock, _mm512_permutex2var_epi8(low, load(kUpperPairs), high));
  }

  template <typename Format>
  class CodeLookup {
   public:
    explicit CodeLookup(const CodeTables& tables) {
      const auto* const code_of = reinterpret_cast<const std::byte*>(&tables.code_of);
      for (unsigned part = 0; part < kParts; ++part) {
        const __m512i codes = _mm512_loadu_si512(code_of + std::size_t{part} * kBlock);
        parts_[part] = _mm512_mask_mov_epi8(codes, _mm512_movepi8_mask(codes),
                                            all(0x80 | Format::kEscapeCode));
      }
    }

    __m512i codes(__m512i exponents) const {
      if constexpr (kParts == 1) {
        return _mm512_permutexvar_epi8(exponents, parts_[0]);
      } else {
        const __m512i lower = _mm512_permutex2var_epi8(parts_[0], exponents, parts_[1]);
        const __m512i upper = _mm512_permutex2var_epi8(parts_[2], exponents, parts_[3]);
        return _mm512_mask_mov_epi8(lower, _mm512_movepi8_mask(exponents), upper);
      }
    }

   private:
    static constexpr unsigned kParts = exponent_bits(Format::kDType) > 6 ? 4 : 1;
    __m512i parts_[kParts];
  };

  template <typename Format>
  static void append(EscapeList& escapes, std::uint32_t first_position, Lanes escaped,
                     Register exponents) {
    _mm512_storeu_si512(escapes.exponents + escapes.count,
                        _mm512_maskz_compress_epi8(escaped, exponents));
    if constexpr (!Format::kIsSentinelMode) {
      const __m512i lanes = _mm512_maskz_compress_epi8(escaped, load(kAll));
      const __m512i base = _mm512_set1_epi16(static_cast<std::int16_t>(first_position));
      const __m512i lower = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(lanes));
      const __m512i upper = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(lanes, 1));
      std::uint16_t* const positions = escapes.positions + escapes.count;
      _mm512_storeu_si512(positions, _mm512_add_epi16(lower, base));
      _mm512_storeu_si512(positions + kBlock / 2, _mm512_add_epi16(upper, base));
    }
    escapes.count += count_of(escaped);
  }

  class EscapeSource {
   public:
    EscapeSource(const std::uint8_t* exponents, std::uint32_t) : exponents_(exponents) {}

    /// The exponents from number `taken` on, in the escaped lanes; 0 in the others.
    Register spread(Lanes escaped, std::uint32_t taken) const {
      const __mmask64 wanted = _bzhi_u64(~0ULL, count_of(escaped));
      return _mm512_maskz_expand_epi8(escaped, _mm512_maskz_loadu_epi8(wanted, exponents_ + taken));
    }

   private:
    const std::uint8_t* exponents_;
  };

  static Register all_words(std::uint32_t word) {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  static Register word_indices() {
    return _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  }
  static Register add_words(Register a, Register b) { return _mm512_add_epi32(a, b); }
  static Register multiply_words(Register a, Register b) { return _mm512_mullo_epi32(a, b); }
};

template <typename Format>
using Loops = VectorLoops<Avx512, Format>;

}  // namespace

ChunkCodec avx512_chunk_codec(const FrameFormat& format) {
  return loops_of<Loops>(format);
}

}  // namespace kvferry::codec
