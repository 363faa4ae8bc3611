// Encoding: one block of 256 threads per chunk of 8,192 values, 32 values per thread, in one pass
// over the values. Bytes are those of codec::encode().
#pragma once

#include "codec/cuda/chunk_io.cuh"
#include "codec/cuda/chunk_shape.hpp"
#include "codec/cuda/device_tasks.hpp"
#include "codec/cuda/header_check.hpp"
#include "codec/cuda/intrinsics.cuh"
#include "codec/cuda/look_back.cuh"
#include "codec/cuda/octet.hpp"
#include "codec/cuda/ranks.cuh"
#include "codec/header_hash.hpp"

#include <cstddef>
#include <cstdint>

namespace kvferry::codec::cuda {

enum class BookKind : std::uint8_t {
  contiguous,  ///< exponents without gaps, coded by arithmetic
  any,         ///< coded by a table in shared memory
};

/// Blocks that a multiprocessor shall hold at a time, which leaves 64 registers to a thread.
inline constexpr int kEncodeBlocks = 4;

template <FrameFormat kFormat>
struct EncodeShared {
  alignas(16) std::byte record[4 * ChunkShape<kFormat>::kMaxRecordWords + 4];
  std::uint32_t warp_totals[kWarps];
  std::uint32_t first_word;
  std::uint8_t code_of[256];
};

/// What the threads of a block know of their chunk.
template <FrameFormat kFormat>
struct EncodeChunk {
  using Shape = ChunkShape<kFormat>;
  const EncodeTensor& tensor;
  ChunkPlace place;
  EncodeShared<kFormat>& shared;
  OctetValues<Shape::kDType> (&values)[kOctetsPerThread];

  KVFERRY_DEVICE PlanePair<std::byte> code_planes() const {
    return planes_at<Shape::kCodes>(tensor.frame, tensor.sections.codes, place.first_value);
  }
};

/// The record of a chunk. A raw one has no escapes.
struct RecordPlan {
  std::uint32_t escapes;
  std::uint32_t words;
  bool is_raw;
};

template <FrameFormat kFormat>
KVFERRY_DEVICE RecordPlan plan_record(std::uint32_t values, std::uint32_t escapes) {
  constexpr FrameFormat kThis = kFormat;
  if (is_raw_smaller(kThis, values, escapes)) return {0, raw_record_words(kThis, values), true};
  return {escapes, coded_record_words(kThis.mode, escapes), false};
}

/// Fills the table from the codebook in the header. All threads call it.
KVFERRY_DEVICE void fill_code_table(const EncodeTensor& tensor, std::uint8_t (&code_of)[256]) {
  static_assert(kThreads == 256);
  const std::uint32_t thread = thread_index();
  code_of[thread] = kEscapeBit;
  sync_block();
  if (thread < codebook_size(tensor.header)) {
    const std::uint32_t word = tensor.header[kCodebookWord + thread / 4];
    code_of[word >> 8 * (thread % 4) & 0xffU] = static_cast<std::uint8_t>(thread);
  }
  sync_block();
}

/// Writes the planes of the thread's values. Bit 8 u + i of the result: value i of octet u is an
/// escape.
template <FrameFormat kFormat, BookKind kBook>
KVFERRY_DEVICE std::uint32_t write_planes(const EncodeChunk<kFormat>& chunk) {
  using Shape = ChunkShape<kFormat>;
  const std::uint32_t count = chunk.place.count;
  const PlanePair<std::byte> codes = chunk.code_planes();
  const PlanePair<std::byte> sign_mantissas = planes_at<Shape::kSignMantissa>(
      chunk.tensor.frame, chunk.tensor.sections.sign_mantissa, chunk.place.first_value);
  const auto code = [&](std::uint32_t exponents) {
    if constexpr (kBook == BookKind::any) return coded(chunk.shared.code_of, exponents);
    return coded(chunk.tensor.book, exponents);
  };
  std::uint32_t escapes = 0;
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t start = octet_start(thread_index(), u);
    const Octet exponents = exponents_of(chunk.values[u]);
    Octet bytes{code(exponents.low), code(exponents.high)};
    Octet written = written_codes<kFormat>(bytes);
    if (count != kChunkValues) {
      const Octet inside = first_bytes(values_from(start, count));
      bytes = bytes & inside;
      written = written & inside;
    }
    store_in_frame<Shape::kSignMantissa>(sign_mantissas_of(chunk.values[u]), sign_mantissas, start,
                                         count);
    store_in_frame<Shape::kCodes>(written, codes, start, count);
    escapes |= escapes_in(bytes) << 8 * u;
  }
  return escapes;
}

/// Puts the thread's escapes into the record in shared memory.
template <FrameFormat kFormat>
KVFERRY_DEVICE void write_escapes(const EncodeChunk<kFormat>& chunk, std::uint32_t escapes,
                                  std::uint32_t before_warp, std::uint32_t total) {
  std::uint32_t counts[kOctetsPerThread];
  std::uint32_t ranks[kOctetsPerThread];
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u)
    counts[u] = count_bits(escapes >> 8 * u & 0xffU);
  rank_octets(counts, before_warp, ranks);
  std::byte* const record = chunk.shared.record;
  std::byte* const exponents_end =
      kFormat.mode == EscapeMode::sentinel ? record : record + 2 * total;
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    std::uint32_t left = escapes >> 8 * u & 0xffU;
    std::uint32_t rank = ranks[u];
    const std::uint32_t start = octet_start(thread_index(), u);
    const Octet exponents = exponents_of(chunk.values[u]);
    for (; left != 0; left &= left - 1, ++rank) {
      const std::uint32_t value = lowest_bit(left);
      exponents_end[rank] = static_cast<std::byte>(byte_of(exponents, value));
      if constexpr (kFormat.mode == EscapeMode::positional) {
        reinterpret_cast<std::uint16_t*>(record)[rank] = static_cast<std::uint16_t>(start + value);
      }
    }
  }
}

/// Zeros from the last entry of a coded record to the end of its last word.
template <FrameFormat kFormat>
KVFERRY_DEVICE void pad_record(EncodeShared<kFormat>& shared, const RecordPlan& plan) {
  const std::uint32_t used = (kFormat.mode == EscapeMode::sentinel ? 1U : 3U) * plan.escapes;
  const std::uint32_t byte = used + thread_index();
  if (byte < 4 * plan.words && thread_index() < 4) shared.record[byte] = std::byte{0};
}

/// The low bits of all exponents go to the code planes, over what write_planes() put there, the
/// others into the record.
template <FrameFormat kFormat>
KVFERRY_DEVICE void write_raw(const EncodeChunk<kFormat>& chunk) {
  using Shape = ChunkShape<kFormat>;
  const std::uint32_t count = chunk.place.count;
  const PlanePair<std::byte> codes = chunk.code_planes();
  std::byte* const record = chunk.shared.record;
  const PlanePair<std::byte> rest{record, record + low_rest_bytes<kFormat>(count)};
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; ++u) {
    const std::uint32_t start = octet_start(thread_index(), u);
    const Octet exponents = exponents_of(chunk.values[u]);
    constexpr std::uint32_t kRestMask = four_of(0xffU >> Shape::kCodeBits);
    store_in_frame<Shape::kCodes>(exponents, codes, start, count);
    store_in_record<Shape::kRest>({exponents.low >> Shape::kCodeBits & kRestMask,
                                   exponents.high >> Shape::kCodeBits & kRestMask},
                                  rest, start, count);
  }
}

/// Copies the record to its place and writes the directory entry. All threads call it.
template <FrameFormat kFormat>
KVFERRY_DEVICE void place_record(const EncodeChunk<kFormat>& chunk, const RecordPlan& plan) {
  const std::uint32_t first = chunk.shared.first_word;
  std::byte* const to = chunk.tensor.frame + chunk.tensor.sections.escapes + std::size_t{4} * first;
  const auto* const words = reinterpret_cast<const std::uint32_t*>(chunk.shared.record);
  for (std::uint32_t i = thread_index(); i < plan.words; i += kThreads)
    store_once(to + std::size_t{4} * i, words[i]);
  if (thread_index() == 0 && chunk.place.count > 0) {
    const std::uint64_t entry = first | std::uint64_t{plan.escapes} << 32 |
                                std::uint64_t{plan.is_raw ? kRawChunk : 0U} << 48;
    store_once(chunk.tensor.frame + sizeof(FrameHeader) + sizeof entry * chunk.place.index, entry);
  }
}

/// Header and directory padding, by the block of the tensor's last chunk.
/// @param escape_words of the whole frame
KVFERRY_DEVICE void finish_frame(const EncodeTensor& tensor, std::uint32_t escape_words) {
  const std::uint32_t thread = thread_index();
  if (thread < kHeaderWords) {
    const std::uint64_t bytes = std::uint64_t{4} * escape_words;
    const std::uint32_t low = static_cast<std::uint32_t>(bytes);
    const std::uint32_t high = static_cast<std::uint32_t>(bytes >> 32);
    const std::uint32_t hash =
        finished_hash(hash_word(hash_word(hash_word(tensor.hash, low), high), 0));
    std::uint32_t word = hash;
    if (thread < kStaticHeaderWords) word = tensor.header[thread];
    if (thread == kStaticHeaderWords) word = low;
    if (thread == kStaticHeaderWords + 1) word = high;
    if (thread == kStatusWord) word = 0;
    store_once(tensor.frame + std::size_t{4} * thread, word);
  }
  constexpr std::uint32_t kEntries = kSectionAlignment / sizeof(DirectoryEntry);
  const std::uint32_t used = tensor.blocks.chunk_count % kEntries;
  if (used != 0 && thread >= used && thread < kEntries) {
    const std::size_t entry = tensor.blocks.chunk_count - used + thread;
    store_once(tensor.frame + sizeof(FrameHeader) + sizeof(DirectoryEntry) * entry,
               std::uint64_t{0});
  }
}

/// Tells the frame's size, and if this was the last tensor to get here, begins the next run. When
/// the look-back of a tensor's last chunk is over, all its blocks have read the run's number.
KVFERRY_DEVICE void end_tensor(const EncodeLaunch& launch, std::uint32_t index, std::uint64_t run,
                               std::uint32_t escape_words) {
  const std::uint64_t bytes =
      launch.tensors[index].sections.escapes + std::uint64_t{4} * escape_words;
  launch.frame_bytes[index] = bytes;
  store_for_host(launch.announced + index, run << kRunShift | bytes);
  const std::uint32_t last = launch.tensor_count - 1;
  if (count_around(&launch.run->tensors_ended, last) == last)
    store_relaxed(&launch.run->number, run == kLastRun ? 1 : run + 1);
}

/// Grid: a block per entry of tensor_of_block. Block: kThreads. All results are in global memory.
template <DType kType, std::uint8_t kBits, EscapeMode kMode, BookKind kBook>
KVFERRY_KERNEL void KVFERRY_RESIDENT(kThreads, kEncodeBlocks)
    encode_kernel(const KVFERRY_GRID_CONSTANT EncodeLaunch launch) {
  constexpr FrameFormat kFormat{kType, kBits, kMode};
  KVFERRY_SHARED(EncodeShared<kFormat>, shared);
  const std::uint32_t index = launch.tensor_of_block[block_index()];
  const EncodeTensor& tensor = launch.tensors[index];
  OctetValues<kType> values[kOctetsPerThread];
  const EncodeChunk<kFormat> chunk{tensor, chunk_of(tensor, block_index()), shared, values};
  const ChunkPlace& place = chunk.place;
  load_values<kType>(tensor.values + bytes_per_value(kType) * place.first_value, place.count,
                     values);
  const bool is_first_warp = thread_index() < kWarpThreads;
  const std::uint64_t run = is_first_warp ? load_relaxed(&launch.run->number) : 0;
  if constexpr (kBook == BookKind::any) fill_code_table(tensor, shared.code_of);

  const std::uint32_t escapes = write_planes<kFormat, kBook>(chunk);
  const BlockCount counted = count_in_block(count_bits(escapes), shared.warp_totals);
  const RecordPlan plan = plan_record<kFormat>(place.count, counted.total);
  if (is_first_warp) {
    const std::uint32_t before =
        words_before(launch.look_back + tensor.blocks.first, place.index, plan.words, run);
    if (thread_index() == 0) shared.first_word = before;
  }
  if (plan.is_raw) {
    write_raw(chunk);
  } else {
    if (counted.in_warp != 0) write_escapes(chunk, escapes, counted.before_warp, counted.total);
    pad_record(shared, plan);
  }
  sync_block();
  place_record(chunk, plan);
  if (!place.is_last) return;
  const std::uint32_t escape_words = shared.first_word + plan.words;
  finish_frame(tensor, escape_words);
  if (thread_index() == 0) end_tensor(launch, index, run, escape_words);
}

}  // namespace kvferry::codec::cuda
