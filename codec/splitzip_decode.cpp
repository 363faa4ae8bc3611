#include "codec/bf16.hpp"
#include "codec/splitzip.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace kvferry::codec {
namespace {

bool all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

template <std::size_t kSize>
bool all_zero(const std::array<std::uint8_t, kSize>& bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::uint8_t nibble(const std::byte* plane, std::uint64_t index) {
  const auto byte = std::to_integer<unsigned>(plane[index / 2]);
  return static_cast<std::uint8_t>(index % 2 == 0 ? byte & 0xf : byte >> 4);
}

// Strictly ascending entries, zeros behind them.
bool is_valid_codebook(const FrameHeader& header) {
  if (header.codebook_size < 1 || header.codebook_size > kMaxCodebookSize) return false;
  for (std::size_t i = 0; i < kMaxCodebookSize; ++i) {
    const bool used = i < header.codebook_size;
    if (!used && header.codebook[i] != 0) return false;
    if (used && i > 0 && header.codebook[i] <= header.codebook[i - 1]) return false;
  }
  return true;
}

bool is_supported(const FrameHeader& header) {
  return header.dtype == static_cast<std::uint8_t>(DType::bf16) && header.code_bits == 4 &&
         header.escape_mode == static_cast<std::uint8_t>(EscapeMode::positional) &&
         header.chunk_log2 >= kMinChunkLog2 && header.chunk_log2 <= kMaxChunkLog2 &&
         header.value_count <= kMaxValueCount;
}

FrameFault check_fields(const FrameHeader& header, const FrameLayout& layout) {
  const bool valid = header.flags == 0 && header.checksum_kind == 0 &&
                     all_zero(header.reserved_a) && all_zero(header.reserved_b) &&
                     header.chunk_count == layout.chunk_count &&
                     header.static_bytes == layout.escapes && is_valid_codebook(header);
  return valid ? FrameFault::none : FrameFault::invalid_field;
}

class FrameReader {
 public:
  FrameReader(std::span<const std::byte> frame, const FrameContents& contents)
      : frame_(frame), header_(contents.header), layout_(contents.layout) {
    in_codebook_.fill(false);
    for (std::size_t i = 0; i < header_.codebook_size; ++i)
      in_codebook_[header_.codebook[i]] = true;
  }

  FrameFault check_padding() const {
    const std::uint64_t directory_end =
        layout_.directory + sizeof(DirectoryEntry) * std::uint64_t{layout_.chunk_count};
    const std::uint64_t codes_end = layout_.codes + (layout_.value_count + 1) / 2;
    const bool zero =
        all_zero(between(directory_end, layout_.sign_mantissa)) &&
        all_zero(between(layout_.sign_mantissa + layout_.value_count, layout_.codes)) &&
        all_zero(between(codes_end, layout_.escapes));
    const bool half_byte_left = layout_.value_count % 2 != 0;
    if (half_byte_left && nibble(at(layout_.codes), layout_.value_count) != 0) {
      return FrameFault::nonzero_padding;
    }
    return zero ? FrameFault::none : FrameFault::nonzero_padding;
  }

  FrameFault decode_chunk(std::uint32_t index, std::span<std::uint16_t> values) {
    DirectoryEntry entry{};
    std::memcpy(&entry, at(layout_.directory + sizeof entry * std::uint64_t{index}), sizeof entry);
    const std::uint32_t count = layout_.values_in_chunk(index);
    const bool raw = entry.flags == kRawChunk;
    const std::uint32_t words =
        raw ? raw_record_words(count) : positional_record_words(entry.escape_count);
    if (!is_canonical(entry, count) || words > words_left()) return FrameFault::corrupt_directory;
    const std::byte* const record = at(layout_.escapes + 4 * std::uint64_t{next_word_});
    next_word_ += words;
    const std::uint64_t first = std::uint64_t{index} << layout_.chunk_log2;
    const auto out = values.subspan(first, count);
    return raw ? decode_raw(first, record, out)
               : decode_positional(first, entry.escape_count, record, out);
  }

  bool used_every_record() const { return words_left() == 0; }

 private:
  const std::byte* at(std::uint64_t offset) const { return frame_.data() + offset; }
  std::span<const std::byte> between(std::uint64_t begin, std::uint64_t end) const {
    return frame_.subspan(begin, end - begin);
  }
  std::uint64_t words_left() const { return header_.escape_bytes / 4 - next_word_; }

  // Equal values have exactly one encoding: records in chunk order without gaps, raw only where
  // smaller.
  bool is_canonical(const DirectoryEntry& entry, std::uint32_t count) const {
    if (entry.flags > kRawChunk || entry.reserved != 0 || entry.escape_word != next_word_)
      return false;
    if (entry.flags == kRawChunk) return entry.escape_count == 0;
    return entry.escape_count <= count && !is_raw_smaller(count, entry.escape_count);
  }

  FrameFault decode_raw(std::uint64_t first, const std::byte* record,
                        std::span<std::uint16_t> out) const {
    const auto count = static_cast<std::uint32_t>(out.size());
    const std::size_t used = (count + 1) / 2;
    if (!all_zero({record + used, 4 * std::size_t{raw_record_words(count)} - used})) {
      return FrameFault::nonzero_padding;
    }
    if (count % 2 != 0 && nibble(record, count) != 0) return FrameFault::nonzero_padding;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto exponent =
          static_cast<std::uint8_t>(nibble(record, i) << 4 | nibble(at(layout_.codes), first + i));
      out[i] = join({exponent, sign_mantissa(first + i)});
    }
    return FrameFault::none;
  }

  FrameFault decode_positional(std::uint64_t first, std::uint32_t escapes, const std::byte* record,
                               std::span<std::uint16_t> out) const {
    for (std::uint32_t i = 0; i < out.size(); ++i) {
      const std::uint8_t code = nibble(at(layout_.codes), first + i);
      if (code >= header_.codebook_size) return FrameFault::corrupt_escape_record;
      out[i] = join({header_.codebook[code], sign_mantissa(first + i)});
    }
    return patch_escapes(first, escapes, record, out);
  }

  FrameFault patch_escapes(std::uint64_t first, std::uint32_t escapes, const std::byte* record,
                           std::span<std::uint16_t> out) const {
    std::int32_t previous = -1;
    for (std::uint32_t k = 0; k < escapes; ++k) {
      std::uint16_t position = 0;
      std::memcpy(&position, record + 2 * std::size_t{k}, 2);
      const auto exponent = std::to_integer<std::uint8_t>(record[2 * std::size_t{escapes} + k]);
      const bool valid = position > previous && position < out.size() && !in_codebook_[exponent] &&
                         nibble(at(layout_.codes), first + position) == 0;
      if (!valid) return FrameFault::corrupt_escape_record;
      out[position] = join({exponent, sign_mantissa(first + position)});
      previous = position;
    }
    const std::size_t used = 3 * std::size_t{escapes};
    const std::size_t padded = 4 * std::size_t{positional_record_words(escapes)};
    return all_zero({record + used, padded - used}) ? FrameFault::none
                                                    : FrameFault::nonzero_padding;
  }

  std::uint8_t sign_mantissa(std::uint64_t index) const {
    return std::to_integer<std::uint8_t>(*at(layout_.sign_mantissa + index));
  }

  std::span<const std::byte> frame_;
  const FrameHeader& header_;
  const FrameLayout& layout_;
  std::array<bool, 256> in_codebook_{};
  std::uint32_t next_word_ = 0;
};

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
  if (!is_supported(header)) return FrameFault::invalid_field;
  contents.layout = frame_layout(header.value_count, header.chunk_log2);
  if (const FrameFault fault = check_fields(header, contents.layout); fault != FrameFault::none) {
    return fault;
  }
  if (header.status != 0) return FrameFault::incomplete;
  const std::uint64_t largest = frame_bound(contents.layout) - contents.layout.escapes;
  if (header.escape_bytes % 4 != 0 || header.escape_bytes > largest)
    return FrameFault::size_mismatch;
  const std::uint64_t size = contents.layout.escapes + header.escape_bytes;
  if (frame.size() < size) return FrameFault::truncated;
  return frame.size() == size ? FrameFault::none : FrameFault::size_mismatch;
}

FrameFault decode(std::span<const std::byte> frame, std::span<std::uint16_t> values) {
  FrameContents contents{};
  if (const FrameFault fault = check_header(frame, contents); fault != FrameFault::none)
    return fault;
  if (values.size() < contents.header.value_count) return FrameFault::output_too_small;
  FrameReader reader(frame, contents);
  if (const FrameFault fault = reader.check_padding(); fault != FrameFault::none) return fault;
  for (std::uint32_t index = 0; index < contents.layout.chunk_count; ++index) {
    const FrameFault fault = reader.decode_chunk(index, values);
    if (fault != FrameFault::none) return fault;
  }
  return reader.used_every_record() ? FrameFault::none : FrameFault::corrupt_directory;
}

}  // namespace kvferry::codec
