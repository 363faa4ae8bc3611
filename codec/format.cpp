#include "codec/format.hpp"

#include "codec/header_hash.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvferry::codec {

std::string_view text_of(FrameFault fault) {
  switch (fault) {
    case FrameFault::none:
      return "the frame is intact";
    case FrameFault::truncated:
      return "the frame is truncated";
    case FrameFault::bad_magic:
      return "this is not a SplitZip frame";
    case FrameFault::unsupported_version:
      return "the frame's format version is not supported";
    case FrameFault::header_hash_mismatch:
      return "the frame's header is damaged";
    case FrameFault::invalid_field:
      return "a header field has a value the format does not allow";
    case FrameFault::incomplete:
      return "the encoder did not complete this frame";
    case FrameFault::size_mismatch:
      return "the sections do not add up to the frame's length";
    case FrameFault::corrupt_directory:
      return "the chunk directory is damaged";
    case FrameFault::corrupt_escape_record:
      return "an escape record is damaged";
    case FrameFault::nonzero_padding:
      return "padding that must be zero is not";
    case FrameFault::checksum_mismatch:
      return "the values do not match their checksum";
    case FrameFault::output_too_small:
      return "the output holds fewer values than the frame";
  }
  return "unknown fault";
}

std::uint32_t FrameLayout::values_in_chunk(std::uint32_t chunk) const {
  const std::uint64_t full = std::uint64_t{1} << format.chunk_log2;
  return static_cast<std::uint32_t>(std::min(full, value_count - first_value(chunk)));
}

FrameLayout frame_layout(std::uint64_t value_count, const FrameFormat& format) {
  FrameLayout layout{};
  layout.format = format;
  layout.value_count = value_count;
  const std::uint64_t full = std::uint64_t{1} << format.chunk_log2;
  layout.chunk_count = static_cast<std::uint32_t>((value_count + full - 1) / full);
  std::uint64_t end = sizeof(FrameHeader);
  const auto section = [&end](std::uint64_t bytes) {
    return std::exchange(end, end + aligned(bytes));
  };
  const auto planes = [&](BitSplit split) {
    const std::uint64_t low = section(plane_bytes(value_count, split.low_bits));
    return PlaneOffsets{
        low, split.high_bits == 0 ? low : section(plane_bytes(value_count, split.high_bits))};
  };
  layout.directory = section(sizeof(DirectoryEntry) * std::uint64_t{layout.chunk_count});
  layout.checksums =
      format.checksum == ChecksumKind::none ? end : section(4 * std::uint64_t{layout.chunk_count});
  layout.sign_mantissa = planes(sign_mantissa_split(format.dtype));
  layout.codes = planes(code_split(format));
  layout.escapes = end;
  return layout;
}

std::uint64_t frame_bound(const FrameLayout& layout) {
  if (layout.chunk_count == 0) return layout.escapes;
  const std::uint32_t last = layout.chunk_count - 1;
  const std::uint32_t full = std::uint32_t{1} << layout.format.chunk_log2;
  const std::uint64_t words = std::uint64_t{last} * raw_record_words(layout.format, full) +
                              raw_record_words(layout.format, layout.values_in_chunk(last));
  return layout.escapes + 4 * words;
}

std::uint32_t header_hash(const FrameHeader& header) {
  static_assert(offsetof(FrameHeader, hash) == 4 * kHashedHeaderWords);
  std::array<std::uint32_t, kHashedHeaderWords> words{};
  std::memcpy(words.data(), &header, sizeof words);
  std::uint32_t hash = kHeaderHashSeed;
  for (const std::uint32_t word : words) hash = hash_word(hash, word);
  return finished_hash(hash);
}

FrameHeader frame_header(const FrameLayout& layout, std::span<const std::uint8_t> codebook,
                         std::uint64_t user_tag) {
  FrameHeader header{};
  header.magic = kFrameMagic;
  header.version = kFormatVersion;
  header.header_bytes = sizeof(FrameHeader);
  header.dtype = static_cast<std::uint8_t>(layout.format.dtype);
  header.code_bits = layout.format.code_bits;
  header.chunk_log2 = layout.format.chunk_log2;
  header.escape_mode = static_cast<std::uint8_t>(layout.format.mode);
  header.checksum_kind = static_cast<std::uint8_t>(layout.format.checksum);
  header.value_count = layout.value_count;
  header.chunk_count = layout.chunk_count;
  std::copy(codebook.begin(), codebook.end(), header.codebook.begin());
  header.codebook_size = static_cast<std::uint8_t>(codebook.size());
  header.user_tag = user_tag;
  header.static_bytes = layout.escapes;
  return header;
}

}  // namespace kvferry::codec
