#include "codec/chunk_ranges.hpp"
#include "codec/parallel.hpp"
#include "codec/splitzip.hpp"
#include "codec/zero_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace kvferry::codec {
namespace {

FrameFormat format_of(const FrameHeader& header) {
  return {static_cast<DType>(header.dtype), header.code_bits,
          static_cast<EscapeMode>(header.escape_mode),
          static_cast<ChecksumKind>(header.checksum_kind), header.chunk_log2};
}

// Strictly ascending exponents of the format, zeros behind them.
bool is_valid_codebook(const FrameHeader& header, const FrameFormat& format) {
  if (header.codebook_size < 1 || header.codebook_size > max_codebook_size(format)) return false;
  for (std::size_t i = 0; i < kMaxCodebookSize; ++i) {
    const bool used = i < header.codebook_size;
    if (!used && header.codebook[i] != 0) return false;
    if (used && header.codebook[i] >> exponent_bits(format.dtype) != 0) return false;
    if (used && i > 0 && header.codebook[i] <= header.codebook[i - 1]) return false;
  }
  return true;
}

FrameFault check_fields(const FrameHeader& header, const FrameLayout& layout) {
  const bool valid = header.flags == 0 && all_zero(header.reserved_a) &&
                     all_zero(header.reserved_b) && header.chunk_count == layout.chunk_count &&
                     header.static_bytes == layout.escapes &&
                     is_valid_codebook(header, layout.format);
  return valid ? FrameFault::none : FrameFault::invalid_field;
}

/// What every chunk of a frame shares.
class FrameReader {
 public:
  FrameReader(std::span<const std::byte> frame, const FrameContents& contents,
              InstructionSet instructions)
      : frame_(frame),
        header_(contents.header),
        layout_(contents.layout),
        format_(contents.layout.format),
        loops_(chunk_codec(format_, instructions)),
        codebook_({header_.codebook.data(), header_.codebook_size}),
        tables_(code_tables(codebook_)) {}

  FrameFault check_padding() const {
    const std::uint64_t n = layout_.value_count;
    const BitSplit sm = sign_mantissa_split(format_.dtype);
    const BitSplit code = code_split(format_);
    const std::uint64_t chunks = layout_.chunk_count;
    const bool zero = section_ends_zero(layout_.directory, sizeof(DirectoryEntry) * chunks) &&
                      (format_.checksum == ChecksumKind::none ||
                       section_ends_zero(layout_.checksums, 4 * chunks)) &&
                      plane_ends_zero(layout_.sign_mantissa.low, n, sm.low_bits) &&
                      plane_ends_zero(layout_.sign_mantissa.high, n, sm.high_bits) &&
                      plane_ends_zero(layout_.codes.low, n, code.low_bits) &&
                      plane_ends_zero(layout_.codes.high, n, code.high_bits);
    return zero ? FrameFault::none : FrameFault::nonzero_padding;
  }

  // Equal values have exactly one encoding: records in chunk order without gaps, raw only where
  // smaller.
  DecodeResult check_directory(std::span<const DirectoryEntry> directory) const {
    std::uint64_t next_word = 0;
    const std::uint64_t words = header_.escape_bytes / 4;
    for (std::uint32_t chunk = 0; chunk < layout_.chunk_count; ++chunk) {
      const DirectoryEntry& entry = directory[chunk];
      const std::uint32_t count = layout_.values_in_chunk(chunk);
      const bool raw = entry.flags == kRawChunk;
      const bool canonical = entry.flags <= kRawChunk && entry.reserved == 0 &&
                             entry.escape_word == next_word && entry.escape_count <= count &&
                             !(raw && entry.escape_count > 0) &&
                             (raw || !is_raw_smaller(format_, count, entry.escape_count));
      next_word += raw ? raw_record_words(format_, count)
                       : coded_record_words(format_.mode, entry.escape_count);
      if (!canonical || next_word > words) return {FrameFault::corrupt_directory, chunk};
    }
    return {next_word == words ? FrameFault::none : FrameFault::corrupt_directory, 0};
  }

  FrameFault decode_chunk(std::uint32_t chunk, const DirectoryEntry& entry,
                          std::span<std::byte> values) const {
    const std::uint64_t first = layout_.first_value(chunk);
    const std::size_t width = bytes_per_value(format_.dtype);
    const auto out = values.subspan(width * first, width * layout_.values_in_chunk(chunk));
    const std::byte* const record =
        frame_.data() + layout_.escapes + 4 * std::size_t{entry.escape_word};
    const FrameFault fault = entry.flags == kRawChunk
                                 ? decode_raw(first, record, out)
                                 : decode_coded(first, entry.escape_count, record, out);
    if (fault != FrameFault::none || format_.checksum == ChecksumKind::none) return fault;
    std::uint32_t expected = 0;
    std::memcpy(&expected, frame_.data() + layout_.checksums + 4 * std::size_t{chunk}, 4);
    return loops_.checksum(out.data(), out.size(), width * first / 4) == expected
               ? FrameFault::none
               : FrameFault::checksum_mismatch;
  }

 private:
  using Planes = PlanePair<const std::byte>;

  bool section_ends_zero(std::uint64_t offset, std::uint64_t bytes) const {
    return all_zero(frame_.subspan(offset + bytes, aligned(bytes) - bytes));
  }

  bool plane_ends_zero(std::uint64_t offset, std::uint64_t count, std::uint8_t bits) const {
    if (bits == 0) return true;
    return row_ends_zero(frame_.data() + offset, count, bits, aligned(plane_bytes(count, bits)));
  }

  // Whether nothing follows the `count` numbers of a row that takes `bytes` bytes.
  static bool row_ends_zero(const std::byte* row, std::uint64_t count, std::uint8_t bits,
                            std::uint64_t bytes) {
    const std::uint64_t used = plane_bytes(count, bits);
    const std::uint64_t bits_in_last = count * bits % 8;
    if (bits_in_last != 0 && std::to_integer<unsigned>(row[used - 1]) >> bits_in_last != 0)
      return false;
    return all_zero({row + used, bytes - used});
  }

  Planes planes_at(const PlaneOffsets& offsets, BitSplit split, std::uint64_t first) const {
    const auto at = [&](std::uint64_t offset, std::uint8_t bits) {
      return bits == 0 ? nullptr : frame_.data() + offset + first * bits / 8;
    };
    return {at(offsets.low, split.low_bits), at(offsets.high, split.high_bits)};
  }
  std::uint32_t count_in(std::span<const std::byte> values) const {
    return static_cast<std::uint32_t>(values.size() / bytes_per_value(format_.dtype));
  }

  ChunkPlanes<const std::byte> planes_from(std::uint64_t first) const {
    return {planes_at(layout_.sign_mantissa, sign_mantissa_split(format_.dtype), first),
            planes_at(layout_.codes, code_split(format_), first)};
  }

  FrameFault decode_coded(std::uint64_t first, std::uint32_t escapes, const std::byte* record,
                          std::span<std::byte> out) const {
    const bool positional = format_.mode == EscapeMode::positional;
    const std::size_t used = (positional ? 3 : 1) * std::size_t{escapes};
    const std::size_t padded = 4 * std::size_t{coded_record_words(format_.mode, escapes)};
    const auto* const exponents =
        reinterpret_cast<const std::uint8_t*>(record) + (positional ? 2 * std::size_t{escapes} : 0);
    const ChunkPlanes<const std::byte> planes = planes_from(first);
    const std::uint32_t count = count_in(out);
    const bool good = loops_.are_escapes(tables_, exponents, escapes) &&
                      loops_.decode({planes, count, &tables_, exponents, escapes, out.data()}) &&
                      (!positional || loops_.patch({planes, count, record, escapes, out.data()}));
    if (!good) return FrameFault::corrupt_escape_record;
    return all_zero({record + used, padded - used}) ? FrameFault::none
                                                    : FrameFault::nonzero_padding;
  }

  std::uint32_t escapes_in(std::span<const std::byte> values) const {
    ExponentHistogram histogram{};
    count_exponents(values, format_.dtype, histogram);
    return static_cast<std::uint32_t>(escape_count(histogram, codebook_));
  }

  FrameFault decode_raw(std::uint64_t first, const std::byte* record,
                        std::span<std::byte> out) const {
    const std::uint32_t count = count_in(out);
    const BitSplit rest = raw_split(format_);
    const auto padded = [&](std::uint8_t bits) { return (plane_bytes(count, bits) + 3) / 4 * 4; };
    const std::byte* const high = record + padded(rest.low_bits);
    if ((rest.low_bits > 0 &&
         !row_ends_zero(record, count, rest.low_bits, padded(rest.low_bits))) ||
        (rest.high_bits > 0 &&
         !row_ends_zero(high, count, rest.high_bits, padded(rest.high_bits)))) {
      return FrameFault::nonzero_padding;
    }
    loops_.decode_raw({planes_from(first), {record, high}, count, out.data()});
    // With fewer escapes the encoder would not have written it raw.
    return is_raw_smaller(format_, count, escapes_in(out)) ? FrameFault::none
                                                           : FrameFault::corrupt_directory;
  }

  std::span<const std::byte> frame_;
  const FrameHeader& header_;
  const FrameLayout& layout_;
  const FrameFormat& format_;
  ChunkCodec loops_;
  Codebook codebook_;
  CodeTables tables_;
};

DecodeResult decode_range(const FrameReader& reader, std::span<const DirectoryEntry> directory,
                          std::span<std::byte> values, const ChunkRange& range) {
  for (std::uint32_t chunk = range.first; chunk < range.end; ++chunk) {
    const FrameFault fault = reader.decode_chunk(chunk, directory[chunk], values);
    if (fault != FrameFault::none) return {fault, chunk};
  }
  return {};
}

// The first fault in the order of chunks.
DecodeResult decode_chunks(const FrameReader& reader, std::span<const DirectoryEntry> directory,
                           std::span<std::byte> values, unsigned threads) {
  const auto chunks = static_cast<std::uint32_t>(directory.size());
  const std::vector<ChunkRange> ranges = split_chunks(chunks, threads);
  if (ranges.size() == 1) return decode_range(reader, directory, values, ranges.front());
  std::vector<DecodeResult> results(ranges.size());
  run_parallel(ranges.size(), static_cast<unsigned>(ranges.size()), [&](std::size_t i) {
    results[i] = decode_range(reader, directory, values, ranges[i]);
  });
  for (const DecodeResult& result : results) {
    if (result.fault != FrameFault::none) return result;
  }
  return {};
}

}  // namespace

FrameFault check_header(std::span<const std::byte> frame, FrameContents& contents) {
  FrameHeader& header = contents.header;
  if (frame.size() < sizeof header) return FrameFault::truncated;
  std::memcpy(&header, frame.data(), sizeof header);
  if (header.magic != kFrameMagic) return FrameFault::bad_magic;
  if (header.version != kFormatVersion || header.header_bytes != sizeof header) {
    return FrameFault::unsupported_version;
  }
  if (header.hash != header_hash(header)) return FrameFault::header_hash_mismatch;
  const FrameFormat format = format_of(header);
  if (!is_supported(format) || header.value_count > kMaxValueCount)
    return FrameFault::invalid_field;
  contents.layout = frame_layout(header.value_count, format);
  if (const FrameFault fault = check_fields(header, contents.layout); fault != FrameFault::none)
    return fault;
  if (header.status != 0) return FrameFault::incomplete;
  const std::uint64_t largest = frame_bound(contents.layout) - contents.layout.escapes;
  if (header.escape_bytes % 4 != 0 || header.escape_bytes > largest)
    return FrameFault::size_mismatch;
  const std::uint64_t size = contents.layout.escapes + header.escape_bytes;
  if (frame.size() < size) return FrameFault::truncated;
  return frame.size() == size ? FrameFault::none : FrameFault::size_mismatch;
}

std::vector<DirectoryEntry> read_directory(std::span<const std::byte> frame,
                                           const FrameLayout& layout) {
  std::vector<DirectoryEntry> directory(layout.chunk_count);
  if (!directory.empty()) {
    std::memcpy(directory.data(), frame.data() + layout.directory,
                sizeof(DirectoryEntry) * directory.size());
  }
  return directory;
}

DecodeResult decode(std::span<const std::byte> frame, std::span<std::byte> values,
                    const Execution& execution) {
  FrameContents contents{};
  if (const FrameFault fault = check_header(frame, contents); fault != FrameFault::none)
    return {fault, 0};
  if (values.size() < contents.value_bytes()) return {FrameFault::output_too_small, 0};
  const FrameReader reader(frame, contents, execution.instructions);
  if (const FrameFault fault = reader.check_padding(); fault != FrameFault::none) return {fault, 0};
  const std::vector<DirectoryEntry> directory = read_directory(frame, contents.layout);
  const DecodeResult checked = reader.check_directory(directory);
  return checked == FrameFault::none ? decode_chunks(reader, directory, values, execution.threads)
                                     : checked;
}

DecodeResult decode(std::span<const std::byte> frame, std::span<std::uint16_t> bf16_values,
                    const Execution& execution) {
  FrameContents contents{};
  if (const FrameFault fault = check_header(frame, contents); fault != FrameFault::none)
    return {fault, 0};
  if (contents.layout.format.dtype != DType::bf16) return {FrameFault::invalid_field, 0};
  return decode(frame, std::as_writable_bytes(bf16_values), execution);
}

}  // namespace kvferry::codec
