// Decoding: one block of 256 threads per chunk of 8,192 values, 32 values per thread, escapes
// included, in one launch. Every byte of the frame is used or checked, as in codec::decode(); what
// is wrong becomes a word per tensor that the host turns into the CPU's verdict. Bounds come from
// the task alone: a frame can say what it likes.
#pragma once

#include "codec/cuda/chunk_io.cuh"
#include "codec/cuda/chunk_shape.hpp"
#include "codec/cuda/device_tasks.hpp"
#include "codec/cuda/header_check.hpp"
#include "codec/cuda/intrinsics.cuh"
#include "codec/cuda/octet.hpp"
#include "codec/cuda/ranks.cuh"

#include <cstddef>
#include <cstdint>

namespace kvferry::codec::cuda {

/// Blocks that a multiprocessor shall hold at a time, which leaves 64 registers to a thread. With 5
/// and 48 registers some kernels spill.
inline constexpr int kDecodeBlocks = 4;

struct DecodeShared {
  std::uint32_t warp_totals[kWarps];
};

/// A directory entry taken from its eight bytes.
struct RecordPlace {
  std::uint32_t word;
  std::uint32_t escapes;
  std::uint32_t flags;  ///< and the reserved byte above them
  KVFERRY_DEVICE bool is_raw() const { return flags == kRawChunk; }
};

KVFERRY_DEVICE RecordPlace record_place(const std::byte* frame, std::uint32_t chunk) {
  const auto entry =
      load_once<std::uint64_t>(frame + sizeof(FrameHeader) + sizeof(DirectoryEntry) * chunk);
  return {static_cast<std::uint32_t>(entry), static_cast<std::uint32_t>(entry >> 32 & 0xffffU),
          static_cast<std::uint32_t>(entry >> 48)};
}

/// The codebook of a frame, its unused entries like the first one. Any bytes, until the header has
/// been checked.
struct FrameCodebook {
  std::uint32_t exponents[4];
  std::uint32_t size;
};

KVFERRY_DEVICE FrameCodebook codebook_of(const std::byte* frame) {
  const auto* const header = reinterpret_cast<const std::uint32_t*>(frame);
  FrameCodebook book{{}, codebook_size(header)};
  const std::uint32_t first = four_of(header[kCodebookWord] & 0xffU);
  KVFERRY_UNROLL
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t used = first_bytes(book.size > 4 * i ? book.size - 4 * i : 0).low;
    book.exponents[i] = (header[kCodebookWord + i] & used) | (first & ~used);
  }
  return book;
}

/// What the threads of a block know of their chunk.
template <FrameFormat kFormat>
struct DecodeChunk {
  using Shape = ChunkShape<kFormat>;
  const DecodeTensor& tensor;
  ChunkPlace place;
  RecordPlace record;
  std::uint64_t* verdict;
  DecodeShared& shared;

  KVFERRY_DEVICE const std::byte* record_bytes() const {
    return tensor.frame + tensor.sections.escapes + std::size_t{4} * record.word;
  }
  KVFERRY_DEVICE std::byte* values() const {
    return tensor.values + Shape::kWidth * place.first_value;
  }
  KVFERRY_DEVICE PlanePair<const std::byte> code_planes() const {
    return planes_at<Shape::kCodes>(tensor.frame, tensor.sections.codes, place.first_value);
  }
  KVFERRY_DEVICE PlanePair<const std::byte> sign_mantissa_planes() const {
    return planes_at<Shape::kSignMantissa>(tensor.frame, tensor.sections.sign_mantissa,
                                           place.first_value);
  }

  KVFERRY_DEVICE void report(CheckPhase phase, FrameFault fault) const {
    const bool has_chunk = phase == CheckPhase::directory || phase == CheckPhase::chunk;
    lower_to(verdict, fault_word(phase, has_chunk ? place.index : 0, false, fault));
  }
  /// Of the checks of a chunk, the one that the CPU makes last.
  KVFERRY_DEVICE void report_last(FrameFault fault) const {
    lower_to(verdict, fault_word(CheckPhase::chunk, place.index, true, fault));
  }
};

/// By one thread per tensor.
template <FrameFormat kFormat>
KVFERRY_DEVICE void check_frame_header(const DecodeTensor& tensor, std::uint64_t* verdict) {
  std::uint64_t length = tensor.frame_capacity;
  if (tensor.frame_bytes != nullptr && *tensor.frame_bytes < length) length = *tensor.frame_bytes;
  FrameFault fault = FrameFault::truncated;
  if (length >= sizeof(FrameHeader)) {
    constexpr auto kMaxCodebook = ChunkShape<kFormat>::kMaxCodebook;
    constexpr auto kExponents = 1U << exponent_bits(kFormat.dtype);
    fault = header_fault(reinterpret_cast<const std::uint32_t*>(tensor.frame),
                         {tensor.header, tensor.sections.escapes, tensor.largest_escape_bytes,
                          length, kMaxCodebook, kExponents});
  }
  if (fault != FrameFault::none) lower_to(verdict, fault_word(CheckPhase::header, 0, false, fault));
}

template <FrameFormat kFormat>
KVFERRY_DEVICE std::uint32_t words_of(const RecordPlace& record, std::uint32_t values) {
  constexpr FrameFormat kThis = kFormat;
  return record.is_raw() ? raw_record_words(kThis, values)
                         : coded_record_words(kThis.mode, record.escapes);
}

/// Whether the entry is one that an encoder writes behind the entry before, and its record lies
/// inside the section and the frame. The same in all threads.
template <FrameFormat kFormat>
KVFERRY_DEVICE bool is_valid_entry(const DecodeTensor& tensor, const ChunkPlace& place,
                                   const RecordPlace& record) {
  constexpr FrameFormat kThis = kFormat;
  std::uint64_t expected = 0;
  if (place.index > 0) {
    const RecordPlace before = record_place(tensor.frame, place.index - 1);
    expected = std::uint64_t{before.word} + words_of<kFormat>(before, kChunkValues);
  }
  const std::uint64_t section =
      escape_bytes(reinterpret_cast<const std::uint32_t*>(tensor.frame)) / 4;
  const std::uint64_t room = (tensor.frame_capacity - tensor.sections.escapes) / 4;
  const std::uint64_t end = std::uint64_t{record.word} + words_of<kFormat>(record, place.count);
  const bool is_small = record.is_raw() ? record.escapes == 0
                                        : record.escapes <= place.count &&
                                              !is_raw_smaller(kThis, place.count, record.escapes);
  return record.flags <= kRawChunk && is_small && record.word == expected && end <= section &&
         end <= room;
}

/// What only the last chunk's block sees: that the records fill their section, and that nothing is
/// behind the directory.
template <FrameFormat kFormat>
KVFERRY_DEVICE void check_directory_end(const DecodeChunk<kFormat>& chunk) {
  const DecodeTensor& tensor = chunk.tensor;
  const std::uint32_t thread = thread_index();
  constexpr std::uint32_t kEntries = kSectionAlignment / sizeof(DirectoryEntry);
  const std::uint32_t used = tensor.blocks.chunk_count % kEntries;
  if (used != 0 && thread >= used && thread < kEntries) {
    const std::size_t entry = tensor.blocks.chunk_count - used + thread;
    if (load_once<std::uint64_t>(tensor.frame + sizeof(FrameHeader) +
                                 sizeof(DirectoryEntry) * entry) != 0)
      chunk.report(CheckPhase::padding, FrameFault::nonzero_padding);
  }
  if (thread != 0) return;
  const std::uint64_t end =
      std::uint64_t{chunk.record.word} + words_of<kFormat>(chunk.record, chunk.place.count);
  if (end != escape_bytes(reinterpret_cast<const std::uint32_t*>(tensor.frame)) / 4)
    chunk.report(CheckPhase::directory_end, FrameFault::corrupt_directory);
}

/// The thread's part of the planes; in the last chunk the padding behind it must be zero.
template <FrameFormat kFormat>
struct ChunkBits {
  PlaneBits<ChunkShape<kFormat>::kSignMantissa> sign_mantissas[kOctetsPerThread];
  PlaneBits<ChunkShape<kFormat>::kCodes> codes[kOctetsPerThread];
};

template <FrameFormat kFormat>
KVFERRY_DEVICE void load_planes(const DecodeChunk<kFormat>& chunk, ChunkBits<kFormat>& bits) {
  using Shape = ChunkShape<kFormat>;
  constexpr auto kPad = static_cast<std::uint32_t>(kSectionAlignment);
  const auto sign_mantissas = chunk.sign_mantissa_planes();
  const auto codes = chunk.code_planes();
  const std::uint32_t count = chunk.place.count;
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t start = octet_start(thread_index(), u);
    bits.sign_mantissas[u] = load_bits<Shape::kSignMantissa, kPad>(sign_mantissas, start, count);
    bits.codes[u] = load_bits<Shape::kCodes, kPad>(codes, start, count);
  }
  if (count == kChunkValues) return;
  bool zero = true;
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t valid = values_from(octet_start(thread_index(), u), count);
    zero = zero && ends_zero(bits.sign_mantissas[u], valid) && ends_zero(bits.codes[u], valid);
  }
  if (!zero) chunk.report(CheckPhase::padding, FrameFault::nonzero_padding);
}

/// Whether an exponent in a record may be there: one of the dtype that has no code.
template <FrameFormat kFormat>
KVFERRY_DEVICE bool is_escape(const FrameCodebook& book, std::uint32_t exponent) {
  return exponent >> exponent_bits(kFormat.dtype) == 0 && !contains_byte(book.exponents, exponent);
}

/// Zeros behind the last entry of a coded record.
template <FrameFormat kFormat>
KVFERRY_DEVICE void check_record_end(const DecodeChunk<kFormat>& chunk) {
  const std::uint32_t used =
      (ChunkShape<kFormat>::kIsSentinelMode ? 1U : 3U) * chunk.record.escapes;
  const std::uint32_t byte = used + thread_index();
  if (thread_index() < 4 && byte < 4 * coded_record_words(kFormat.mode, chunk.record.escapes) &&
      chunk.record_bytes()[byte] != std::byte{0})
    chunk.report_last(FrameFault::nonzero_padding);
}

/// Positional mode: puts the escapes' exponents over that of code 0, after the block has written
/// all values.
template <FrameFormat kFormat>
KVFERRY_DEVICE void patch_escapes(const DecodeChunk<kFormat>& chunk, const FrameCodebook& book) {
  constexpr DType kType = kFormat.dtype;
  using Shape = ChunkShape<kFormat>;
  using Bits = typename NumberFormat<kType>::Bits;
  const std::byte* const record = chunk.record_bytes();
  const auto* const positions = reinterpret_cast<const std::uint16_t*>(record);
  const std::uint32_t escapes = chunk.record.escapes;
  constexpr auto kPad = static_cast<std::uint32_t>(kSectionAlignment);
  for (std::uint32_t i = thread_index(); i < escapes; i += kThreads) {
    const std::uint32_t position = positions[i];
    const auto exponent = static_cast<std::uint32_t>(record[2 * escapes + i]);
    bool good = position < chunk.place.count && is_escape<kFormat>(book, exponent) &&
                (i == 0 || positions[i - 1] < position);
    if (good) {
      const std::uint32_t start = position / 8 * 8;
      const std::uint32_t index = position % 8;
      const auto codes =
          load_bits<Shape::kCodes, kPad>(chunk.code_planes(), start, chunk.place.count);
      good = byte_of(numbers_in(codes), index) == 0;
      const auto parts = load_bits<Shape::kSignMantissa, kPad>(chunk.sign_mantissa_planes(), start,
                                                               chunk.place.count);
      const NumberParts number{static_cast<std::uint8_t>(exponent),
                               static_cast<std::uint8_t>(byte_of(numbers_in(parts), index))};
      reinterpret_cast<Bits*>(chunk.values())[position] = join<kType>(number);
    }
    if (!good) chunk.report(CheckPhase::chunk, FrameFault::corrupt_escape_record);
  }
}

/// Sentinel mode: before which escape of the record each octet of the thread is. False, in all
/// threads, unless there are as many sentinels as escapes.
template <FrameFormat kFormat>
KVFERRY_DEVICE bool rank_sentinels(const DecodeChunk<kFormat>& chunk,
                                   const ChunkBits<kFormat>& bits,
                                   std::uint32_t (&ranks)[kOctetsPerThread]) {
  std::uint32_t counts[kOctetsPerThread];
  std::uint32_t of_thread = 0;
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t nibbles = code_nibbles<kFormat>(bits.codes[u].low, bits.codes[u].high);
    counts[u] = count_bits(sentinels_in<kFormat>(nibbles));
    of_thread += counts[u];
  }
  const BlockCount counted = count_in_block(of_thread, chunk.shared.warp_totals);
  if (counted.in_warp != 0) rank_octets(counts, counted.before_warp, ranks);
  return counted.total == chunk.record.escapes;
}

/// Replaces the exponents of sentinels by the record's from `rank` on. False if one may not be
/// there.
template <FrameFormat kFormat>
KVFERRY_DEVICE bool take_escapes(const DecodeChunk<kFormat>& chunk, const FrameCodebook& book,
                                 std::uint32_t nibbles, std::uint32_t rank, Octet& exponents) {
  bool good = true;
  const std::byte* const record = chunk.record_bytes();
  for (std::uint32_t left = sentinels_in<kFormat>(nibbles); left != 0; left &= left - 1, ++rank) {
    const std::uint32_t index = lowest_bit(left) / 4;
    const auto exponent = static_cast<std::uint32_t>(record[rank]);
    good = good && is_escape<kFormat>(book, exponent);
    const std::uint32_t hole = 0xffU << 8 * (index % 4);
    exponents.low &= index < 4 ? ~hole : ~0U;
    exponents.high &= index < 4 ? ~0U : ~hole;
    put_byte(exponents, index, placed<kFormat.dtype>(exponent) & 0xffU);
  }
  return good;
}

template <FrameFormat kFormat>
KVFERRY_DEVICE void decode_coded(const DecodeChunk<kFormat>& chunk) {
  using Shape = ChunkShape<kFormat>;
  ChunkBits<kFormat> bits;
  load_planes(chunk, bits);
  const FrameCodebook book = codebook_of(chunk.tensor.frame);
  ExponentTable table;
  KVFERRY_UNROLL
  for (std::uint32_t i = 0; i < 4; ++i) table.words[i] = placed<Shape::kDType>(book.exponents[i]);
  std::uint32_t ranks[kOctetsPerThread] = {};
  bool good = true;
  if constexpr (Shape::kIsSentinelMode) {
    good = rank_sentinels(chunk, bits, ranks);
    if (!good) {
      chunk.report(CheckPhase::chunk, FrameFault::corrupt_escape_record);
      return;
    }
  }
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t nibbles = code_nibbles<kFormat>(bits.codes[u].low, bits.codes[u].high);
    Octet exponents = placed_exponents<kFormat>(table, nibbles);
    std::uint32_t sentinels = 0;
    if constexpr (Shape::kIsSentinelMode) {
      sentinels = count_bits(sentinels_in<kFormat>(nibbles));
      if (sentinels != 0) good = take_escapes(chunk, book, nibbles, ranks[u], exponents) && good;
    }
    if (book.size < Shape::kMaxCodebook)
      good = good && count_at_least(nibbles, book.size) == sentinels;
    store_values(join_octet<Shape::kDType>(exponents, numbers_in(bits.sign_mantissas[u])),
                 chunk.values(), octet_start(thread_index(), u), chunk.place.count);
  }
  if (!good) chunk.report(CheckPhase::chunk, FrameFault::corrupt_escape_record);
  if (chunk.record.escapes == 0) return;
  check_record_end(chunk);
  if constexpr (!Shape::kIsSentinelMode) {
    sync_block();
    patch_escapes(chunk, book);
  }
}

/// With fewer escapes the encoder would not have written the chunk raw. All threads call it.
template <FrameFormat kFormat>
KVFERRY_DEVICE void check_raw_choice(const DecodeChunk<kFormat>& chunk, std::uint32_t of_thread) {
  constexpr FrameFormat kThis = kFormat;
  const BlockCount escapes = count_in_block(of_thread, chunk.shared.warp_totals);
  if (thread_index() == 0 && !is_raw_smaller(kThis, chunk.place.count, escapes.total))
    chunk.report_last(FrameFault::corrupt_directory);
}

template <FrameFormat kFormat>
KVFERRY_DEVICE void decode_raw(const DecodeChunk<kFormat>& chunk) {
  using Shape = ChunkShape<kFormat>;
  ChunkBits<kFormat> bits;
  load_planes(chunk, bits);
  const FrameCodebook book = codebook_of(chunk.tensor.frame);
  const std::uint32_t count = chunk.place.count;
  const std::byte* const record = chunk.record_bytes();
  const PlanePair<const std::byte> rest{record, record + low_rest_bytes<kFormat>(count)};
  std::uint32_t escapes = 0;
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t start = octet_start(thread_index(), u);
    const std::uint32_t valid = values_from(start, count);
    const auto rest_bits = load_bits<Shape::kRest, 4>(rest, start, count);
    if (!ends_zero(rest_bits, valid)) chunk.report(CheckPhase::chunk, FrameFault::nonzero_padding);
    Octet exponents = numbers_in(bits.codes[u]);
    const Octet high = numbers_in(rest_bits);
    exponents.low |= high.low << Shape::kCodeBits;
    exponents.high |= high.high << Shape::kCodeBits;
    KVFERRY_UNROLL
    for (std::uint32_t i = 0; i < 8; ++i) {
      if (i < valid && !contains_byte(book.exponents, byte_of(exponents, i))) ++escapes;
    }
    store_values(join_octet<Shape::kDType>(placed<Shape::kDType>(exponents),
                                           numbers_in(bits.sign_mantissas[u])),
                 chunk.values(), start, count);
  }
  check_raw_choice(chunk, escapes);
}

/// Grid: a block per entry of tensor_of_block. Block: kThreads. All results are in global memory.
template <DType kType, std::uint8_t kBits, EscapeMode kMode>
KVFERRY_KERNEL void KVFERRY_RESIDENT(kThreads, kDecodeBlocks)
    decode_kernel(const KVFERRY_GRID_CONSTANT DecodeLaunch launch) {
  constexpr FrameFormat kFormat{kType, kBits, kMode};
  KVFERRY_SHARED(DecodeShared, shared);
  const std::uint32_t index = launch.tensor_of_block[block_index()];
  const DecodeTensor& tensor = launch.tensors[index];
  std::uint64_t* const verdict = launch.verdicts + index;
  const ChunkPlace place = chunk_of(tensor, block_index());
  if (place.index == 0 && thread_index() == 0) check_frame_header<kFormat>(tensor, verdict);
  if (place.count == 0 || tensor.frame_capacity < tensor.sections.escapes) return;
  const DecodeChunk<kFormat> chunk{tensor, place, record_place(tensor.frame, place.index), verdict,
                                   shared};
  if (place.is_last) check_directory_end(chunk);
  if (!is_valid_entry<kFormat>(tensor, place, chunk.record)) {
    if (thread_index() == 0) chunk.report(CheckPhase::directory, FrameFault::corrupt_directory);
    return;
  }
  if (chunk.record.is_raw()) {
    decode_raw(chunk);
  } else {
    decode_coded(chunk);
  }
}

}  // namespace kvferry::codec::cuda
