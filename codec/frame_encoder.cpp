#include "codec/chunk_ranges.hpp"
#include "codec/parallel.hpp"
#include "codec/splitzip.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <utility>

namespace kvferry::codec {
namespace {

// Below this a second thread costs more than it saves.

/// What every chunk of a frame shares.
struct FrameJob {
  const FrameLayout& layout;
  ChunkCodec loops;
  CodeTables tables;
  const std::byte* values;
  std::byte* frame;
};

ChunkPlanes<std::byte> planes_of(const FrameJob& job, std::uint64_t first_value) {
  const auto at = [&](std::uint64_t offset, std::uint8_t bits) {
    return bits == 0 ? nullptr : job.frame + offset + first_value * bits / 8;
  };
  const auto pair = [&](const PlaneOffsets& offsets, BitSplit split) {
    return PlanePair<std::byte>{at(offsets.low, split.low_bits), at(offsets.high, split.high_bits)};
  };
  return {pair(job.layout.sign_mantissa, sign_mantissa_split(job.layout.format.dtype)),
          pair(job.layout.codes, code_split(job.layout.format))};
}

/// Encodes consecutive chunks; their records go to one place, the first one as word 0.
class RangeEncoder {
 public:
  RangeEncoder(const FrameJob& job, std::byte* records)
      : job_(job),
        format_(job.layout.format),
        records_(records),
        positions_(std::make_unique_for_overwrite<std::uint16_t[]>(escape_room(job.layout))),
        exponents_(std::make_unique_for_overwrite<std::uint8_t[]>(escape_room(job.layout))) {}

  void encode_chunk(std::uint32_t chunk) {
    const std::uint64_t first = job_.layout.first_value(chunk);
    const std::uint32_t count = job_.layout.values_in_chunk(chunk);
    const std::size_t width = bytes_per_value(format_.dtype);
    const std::byte* const values = job_.values + width * first;
    const ChunkPlanes<std::byte> planes = planes_of(job_, first);
    EscapeList escapes{positions_.get(), exponents_.get(), 0};
    job_.loops.encode({values, count, 0, &job_.tables, planes, &escapes});

    DirectoryEntry entry{next_word_, 0, 0, 0};
    if (is_raw_smaller(format_, count, escapes.count)) {
      entry.flags = kRawChunk;
      write_raw(values, count, planes.codes);
    } else {
      entry.escape_count = static_cast<std::uint16_t>(escapes.count);
      write_escapes(escapes);
    }
    std::memcpy(job_.frame + job_.layout.directory + sizeof entry * std::size_t{chunk}, &entry,
                sizeof entry);
    if (format_.checksum == ChecksumKind::per_chunk) {
      const std::uint32_t sum = job_.loops.checksum(values, width * count, width * first / 4);
      std::memcpy(job_.frame + job_.layout.checksums + 4 * std::size_t{chunk}, &sum, 4);
    }
  }

  std::uint32_t words() const { return next_word_; }

 private:
  static std::size_t escape_room(const FrameLayout& layout) {
    return std::min(std::uint64_t{1} << layout.format.chunk_log2, layout.value_count) +
           EscapeList::kSlack;
  }

  void write_escapes(const EscapeList& escapes) {
    const std::uint32_t words = coded_record_words(format_.mode, escapes.count);
    if (words == 0) return;
    std::byte* const record = next_record(words);
    const std::size_t position_bytes =
        format_.mode == EscapeMode::positional ? 2 * std::size_t{escapes.count} : 0;
    std::memset(record + 4 * std::size_t{words - 1}, 0, 4);
    std::memcpy(record, escapes.positions, position_bytes);
    std::memcpy(record + position_bytes, escapes.exponents, escapes.count);
  }

  // The code planes take the low bits of the exponents, the record the others.
  void write_raw(const std::byte* values, std::uint32_t count, const PlanePair<std::byte>& codes) {
    const BitSplit rest = raw_split(format_);
    std::byte* const low = next_record(raw_record_words(format_, count));
    std::byte* end = low;
    const auto plane = [&](std::uint8_t bits) {
      const std::size_t used = plane_bytes(count, bits);
      const std::size_t padded = (used + 3) / 4 * 4;
      std::memset(end + used, 0, padded - used);
      return std::exchange(end, end + padded);
    };
    plane(rest.low_bits);
    job_.loops.encode_raw({values, count, codes, {low, plane(rest.high_bits)}});
  }

  std::byte* next_record(std::uint32_t words) {
    std::byte* const record = records_ + 4 * std::size_t{next_word_};
    next_word_ += words;
    return record;
  }

  const FrameJob& job_;
  const FrameFormat& format_;
  std::byte* records_;
  std::unique_ptr<std::uint16_t[]> positions_;
  std::unique_ptr<std::uint8_t[]> exponents_;
  std::uint32_t next_word_ = 0;
};

/// Consecutive chunks that one thread encodes, with their records until their place in the frame is
/// known.
struct EncodedRange {
  ChunkRange chunks;
  std::unique_ptr<std::byte[]> records;
  std::uint32_t words = 0;
};

std::uint32_t encode_range(const FrameJob& job, const ChunkRange& chunks, std::byte* records) {
  RangeEncoder encoder(job, records);
  for (std::uint32_t chunk = chunks.first; chunk < chunks.end; ++chunk) encoder.encode_chunk(chunk);
  return encoder.words();
}

// Puts a range's records behind those before it and moves its directory entries along.
void place_records(const FrameJob& job, const EncodedRange& range, std::uint32_t base) {
  std::memcpy(job.frame + job.layout.escapes + 4 * std::size_t{base}, range.records.get(),
              4 * std::size_t{range.words});
  for (std::uint32_t chunk = range.chunks.first; chunk < range.chunks.end; ++chunk) {
    std::byte* const word =
        job.frame + job.layout.directory + sizeof(DirectoryEntry) * std::size_t{chunk};
    std::uint32_t value = 0;
    std::memcpy(&value, word, 4);
    value += base;
    std::memcpy(word, &value, 4);
  }
}

std::uint32_t encode_ranges(const FrameJob& job, const std::vector<ChunkRange>& ranges) {
  const std::uint32_t chunk_words =
      raw_record_words(job.layout.format, std::uint32_t{1} << job.layout.format.chunk_log2);
  std::vector<EncodedRange> encoded(ranges.size());
  run_parallel(ranges.size(), static_cast<unsigned>(ranges.size()), [&](std::size_t i) {
    EncodedRange& range = encoded[i];
    range.chunks = ranges[i];
    const std::size_t bound =
        4 * std::size_t{chunk_words} * (range.chunks.end - range.chunks.first);
    range.records = std::make_unique_for_overwrite<std::byte[]>(bound);
    range.words = encode_range(job, range.chunks, range.records.get());
  });
  std::uint32_t words = 0;
  for (const EncodedRange& range : encoded) {
    place_records(job, range, words);
    words += range.words;
  }
  return words;
}

// Sections end where their bytes do; what lies between them is zero.
void clear_padding(const FrameLayout& layout, std::byte* frame) {
  const std::uint64_t n = layout.value_count;
  const BitSplit sm = sign_mantissa_split(layout.format.dtype);
  const BitSplit code = code_split(layout.format);
  const auto clear = [&](std::uint64_t section, std::uint64_t bytes) {
    std::memset(frame + section + bytes, 0, aligned(bytes) - bytes);
  };
  clear(layout.directory, sizeof(DirectoryEntry) * std::uint64_t{layout.chunk_count});
  if (layout.format.checksum == ChecksumKind::per_chunk)
    clear(layout.checksums, 4 * std::uint64_t{layout.chunk_count});
  clear(layout.sign_mantissa.low, plane_bytes(n, sm.low_bits));
  if (sm.high_bits > 0) clear(layout.sign_mantissa.high, plane_bytes(n, sm.high_bits));
  clear(layout.codes.low, plane_bytes(n, code.low_bits));
  if (code.high_bits > 0) clear(layout.codes.high, plane_bytes(n, code.high_bits));
}

}  // namespace

Codebook calibrate(std::span<const std::uint16_t> bf16_values) {
  ExponentHistogram histogram{};
  count_exponents(std::as_bytes(bf16_values), DType::bf16, histogram);
  return Codebook::most_frequent(histogram, kMaxCodebookSize);
}

std::size_t encode_into(TensorBytes values, const EncodeParameters& parameters,
                        std::span<std::byte> frame, const Execution& execution) {
  const FrameFormat& format = parameters.format;
  const std::uint64_t count = values.size() / bytes_per_value(format.dtype);
  assert(is_supported(format) && count <= kMaxValueCount);
  assert(parameters.codebook.exponents().size() <= max_codebook_size(format));
  const FrameLayout layout = frame_layout(count, format);
  assert(frame.size() >= frame_bound(layout));
  const FrameJob job{layout, chunk_codec(format, execution.instructions),
                     code_tables(parameters.codebook), values.data(), frame.data()};
  const std::vector<ChunkRange> ranges = split_chunks(layout.chunk_count, execution.threads);
  const std::uint32_t words = ranges.size() == 1
                                  ? encode_range(job, ranges.front(), frame.data() + layout.escapes)
                                  : encode_ranges(job, ranges);
  clear_padding(layout, frame.data());
  FrameHeader header = frame_header(layout, parameters.codebook.exponents(), parameters.user_tag);
  header.escape_bytes = 4 * std::uint64_t{words};
  header.hash = header_hash(header);
  std::memcpy(frame.data(), &header, sizeof header);
  return layout.escapes + header.escape_bytes;
}

std::vector<std::byte> encode(TensorBytes values, const EncodeParameters& parameters,
                              const Execution& execution) {
  const std::uint64_t count = values.size() / bytes_per_value(parameters.format.dtype);
  std::vector<std::byte> frame(frame_bound(frame_layout(count, parameters.format)));
  frame.resize(encode_into(values, parameters, frame, execution));
  return frame;
}

std::vector<std::byte> encode(std::span<const std::uint16_t> bf16_values,
                              const EncodeParameters& parameters, const Execution& execution) {
  return encode(std::as_bytes(bf16_values), parameters, execution);
}

}  // namespace kvferry::codec
