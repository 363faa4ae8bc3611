#include "codec/chunk_codec_avx2.hpp"

#include "codec/chunk_codec_vector.hpp"

#include <immintrin.h>

namespace kvferry::codec {
namespace {

// Shuffles of eight bytes for every choice of some of them.
struct Shuffles {
  std::uint8_t of[256][8];
};
// The chosen bytes to the front.
consteval Shuffles gathering() {
  Shuffles shuffles{};
  for (unsigned chosen = 0; chosen < 256; ++chosen) {
    unsigned count = 0;
    for (unsigned i = 0; i < 8; ++i) {
      if ((chosen >> i & 1) != 0) shuffles.of[chosen][count++] = static_cast<std::uint8_t>(i);
    }
  }
  return shuffles;
}
// The front bytes to the chosen places, zeros to the others.
consteval Shuffles spreading() {
  Shuffles shuffles{};
  for (unsigned chosen = 0; chosen < 256; ++chosen) {
    std::uint8_t count = 0;
    for (unsigned i = 0; i < 8; ++i) {
      shuffles.of[chosen][i] = (chosen >> i & 1) != 0 ? count++ : std::uint8_t{0x80};
    }
  }
  return shuffles;
}
constexpr Shuffles kGather = gathering();
constexpr Shuffles kSpread = spreading();

__m128i load_8(const void* bytes) {
  return _mm_loadl_epi64(static_cast<const __m128i*>(bytes));
}
__m128i load_16(const void* bytes) {
  return _mm_loadu_si128(static_cast<const __m128i*>(bytes));
}
__m256i load_32(const void* bytes) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}
void store_8(void* to, __m128i bytes) {
  _mm_storel_epi64(static_cast<__m128i*>(to), bytes);
}
void store_16(void* to, __m128i bytes) {
  _mm_storeu_si128(static_cast<__m128i*>(to), bytes);
}
void store_32(void* to, __m256i bytes) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), bytes);
}

struct Avx2 {
  using Register = __m256i;
  using Lanes = std::uint32_t;
  static constexpr std::uint32_t kBlock = 32;

  static Register all(unsigned byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static Register select(Register where, Register one, Register zero) {
    return (where & one) | _mm256_andnot_si256(where, zero);
  }
  template <int kBits>
  static Register shifted_left(Register numbers) {
    return _mm256_slli_epi16(numbers, kBits);
  }
  template <int kBits>
  static Register shifted_right(Register numbers) {
    return _mm256_srli_epi16(numbers, kBits);
  }
  static Lanes highest_bits(Register numbers) {
    return static_cast<Lanes>(_mm256_movemask_epi8(numbers));
  }
  static Lanes equal(Register a, Register b) { return highest_bits(_mm256_cmpeq_epi8(a, b)); }
  static Lanes at_least(Register a, Register b) { return equal(_mm256_max_epu8(a, b), a); }
  static std::uint32_t count_of(Lanes lanes) {
    return static_cast<std::uint32_t>(__builtin_popcount(lanes));
  }

  /// A table of 16 entries, and the entries of some indices.
  static Register row(const void* bytes) { return _mm256_broadcastsi128_si256(load_16(bytes)); }
  static Register entries(Register table, Register indices) {
    return _mm256_shuffle_epi8(table, indices);
  }

  template <int kBits>
  static void pack(Register numbers, std::byte* plane) {
    if constexpr (kBits == 8) {
      store_32(plane, numbers);
    } else if constexpr (kBits == 4) {
      const __m256i pairs = _mm256_maddubs_epi16(numbers, _mm256_set1_epi16(0x1001));
      const __m256i halves = _mm256_packus_epi16(pairs, pairs);
      store_16(plane, _mm256_castsi256_si128(_mm256_permute4x64_epi64(halves, 0x08)));
    } else if constexpr (kBits == 2) {
      const __m256i pairs = _mm256_maddubs_epi16(numbers, _mm256_set1_epi16(0x0401));
      const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00100001));
      const __m256i quarters = _mm256_shuffle_epi8(fours, _mm256_set1_epi32(0x0c080400));
      store_8(plane, _mm_unpacklo_epi32(_mm256_castsi256_si128(quarters),
                                        _mm256_extracti128_si256(quarters, 1)));
    } else {
      static_assert(kBits == 1);
      const Lanes bits = highest_bits(_mm256_cmpgt_epi8(numbers, all(0)));
      std::memcpy(plane, &bits, sizeof bits);
    }
  }

  template <int kBits>
  static Register unpack(const std::byte* plane) {
    if constexpr (kBits == 8) {
      return load_32(plane);
    } else if constexpr (kBits == 4) {
      const __m256i pairs = _mm256_cvtepu8_epi16(load_16(plane));
      return (pairs | _mm256_slli_epi16(pairs, 4)) & all(0x0f);
    } else if constexpr (kBits == 2) {
      const __m256i fours = _mm256_cvtepu8_epi32(load_8(plane));
      const __m256i halves = fours | _mm256_slli_epi32(fours, 12);
      return (halves | _mm256_slli_epi32(halves, 6)) & all(3);
    } else {
      static_assert(kBits == 1);
      std::int32_t bits = 0;
      std::memcpy(&bits, plane, sizeof bits);
      const __m256i bytes = _mm256_shuffle_epi8(
          _mm256_set1_epi32(bits), _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202,
                                                     0x0101010101010101, 0x0000000000000000));
      const __m256i bit = _mm256_set1_epi64x(static_cast<std::int64_t>(0x8040201008040201));
      return _mm256_cmpeq_epi8(bytes & bit, bit) & all(1);
    }
  }

  // Instructions that pack and unpack work on halves of a register: the values of one half come
  // from, and go to, places 16 values apart.
  static Parts<Avx2> split_bf16(const std::byte* values) {
    const auto halves = [&](std::size_t first) {
      return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(values + first)),
                                     load_16(values + first + 32), 1);
    };
    const __m256i a = halves(0);
    const __m256i b = halves(16);
    const auto exponents = [](__m256i pairs) {
      return _mm256_srli_epi16(pairs, 7) & _mm256_set1_epi16(0xff);
    };
    const auto sign_mantissas = [](__m256i pairs) {
      return select(_mm256_set1_epi16(0x7f), pairs,
                    _mm256_srli_epi16(pairs, 8) & _mm256_set1_epi16(0x80));
    };
    return {_mm256_packus_epi16(exponents(a), exponents(b)),
            _mm256_packus_epi16(sign_mantissas(a), sign_mantissas(b))};
  }
  static void join_bf16(const Parts<Avx2>& parts, std::byte* values) {
    const __m256i low = select(all(0x80), parts.exponents, parts.sign_mantissas);
    const __m256i high = select(all(0x80), parts.sign_mantissas, parts.exponents);
    const __m256i a = _mm256_unpacklo_epi8(low, high);
    const __m256i b = _mm256_unpackhi_epi8(low, high);
    store_32(values, _mm256_permute2x128_si256(a, b, 0x20));
    store_32(values + kBlock, _mm256_permute2x128_si256(a, b, 0x31));
  }

  /// One shuffle for every 16 exponents among which there is a code; mostly there are two.
  template <typename Format>
  class CodeLookup {
   public:
    explicit CodeLookup(const CodeTables& tables) {
      const auto* const code_of = reinterpret_cast<const std::uint8_t*>(&tables.code_of);
      for (unsigned r = 0; r < kRows; ++r) {
        if ((tables.used_rows >> r & 1) == 0) continue;
        const __m256i codes = row(code_of + std::size_t{16} * r);
        const __m256i escaped = _mm256_cmpeq_epi8(codes, all(Codebook::kEscape));
        first_[used_] = all(16 * r);
        change_[used_] = _mm256_andnot_si256(escaped, codes ^ all(kNoCode));
        ++used_;
      }
    }

    __m256i codes(__m256i exponents) const {
      __m256i codes = all(kNoCode);
      for (unsigned i = 0; i < used_; ++i) {
        // Below 16 in this row only; then below 0x80, where the shuffle gives entries and not 0.
        const __m256i in_row = exponents ^ first_[i];
        codes ^= entries(change_[i], _mm256_adds_epu8(in_row, all(0x70)));
      }
      return codes;
    }

   private:
    static constexpr unsigned kNoCode = 0x80 | Format::kEscapeCode;
    static constexpr unsigned kRows = 1U << (exponent_bits(Format::kDType) - 4);
    __m256i first_[kRows];
    __m256i change_[kRows];  ///< kNoCode to the code of an exponent of the row
    unsigned used_ = 0;
  };

  template <typename Format>
  static void append(EscapeList& escapes, std::uint32_t first_position, Lanes escaped,
                     Register exponents) {
    std::uint8_t bytes[kBlock];
    store_32(bytes, exponents);
    for (std::uint32_t lane = 0; lane < kBlock; lane += 8) {
      const std::uint32_t chosen = escaped >> lane & 0xff;
      const __m128i order = load_8(kGather.of[chosen]);
      store_8(escapes.exponents + escapes.count, _mm_shuffle_epi8(load_8(bytes + lane), order));
      if constexpr (!Format::kIsSentinelMode) {
        const auto first = static_cast<std::int16_t>(first_position + lane);
        store_16(escapes.positions + escapes.count,
                 _mm_add_epi16(_mm_cvtepu8_epi16(order), _mm_set1_epi16(first)));
      }
      escapes.count += count_of(chosen);
    }
  }

  /// Reads up to a block beyond what it gives: the end of the list is read from a copy with room
  /// behind it.
  class EscapeSource {
   public:
    EscapeSource(const std::uint8_t* exponents, std::uint32_t count)
        : exponents_(exponents), end_first_(count < kBlock ? 0 : count - kBlock) {
      if (count > 0) std::memcpy(end_, exponents + end_first_, count - end_first_);
    }

    /// The exponents from number `taken` on, in the escaped lanes; 0 in the others.
    Register spread(Lanes escaped, std::uint32_t taken) const {
      const std::uint8_t* next =
          taken < end_first_ ? exponents_ + taken : end_ + (taken - end_first_);
      const auto eight = [&](std::uint32_t lane) {
        const std::uint32_t chosen = escaped >> lane & 0xff;
        const __m128i some = _mm_shuffle_epi8(load_8(next), load_8(kSpread.of[chosen]));
        next += count_of(chosen);
        return some;
      };
      const __m128i a = eight(0);
      const __m128i b = eight(8);
      const __m128i c = eight(16);
      const __m128i d = eight(24);
      return _mm256_set_m128i(_mm_unpacklo_epi64(c, d), _mm_unpacklo_epi64(a, b));
    }

   private:
    const std::uint8_t* exponents_;
    std::uint32_t end_first_;
    std::uint8_t end_[2 * kBlock] = {};
  };

  static Register all_words(std::uint32_t word) {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  static Register word_indices() { return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0); }
  static Register add_words(Register a, Register b) { return _mm256_add_epi32(a, b); }
  static Register multiply_words(Register a, Register b) { return _mm256_mullo_epi32(a, b); }
};

template <typename Format>
using Loops = VectorLoops<Avx2, Format>;

}  // namespace

ChunkCodec avx2_chunk_codec(const FrameFormat& format) {
  return loops_of<Loops>(format);
}

}  // namespace kvferry::codec
