#include "codec/bf16.hpp"
#include "codec/splitzip.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace kvferry::codec {
namespace {

/// One chunk's place in the planes and its escapes.
struct Chunk {
  std::uint64_t first_value;
  std::span<const std::uint16_t> values;
};

void set_nibble(std::byte* plane, std::uint64_t index, std::uint8_t nibble) {
  plane[index / 2] |= static_cast<std::byte>(index % 2 == 0 ? nibble : nibble << 4);
}

class FrameWriter {
 public:
  FrameWriter(const FrameLayout& layout, const Codebook& codebook, std::span<std::byte> frame)
      : layout_(layout), codebook_(codebook), frame_(frame) {
    std::fill_n(frame_.begin(), layout_.escapes, std::byte{0});
  }

  void write_chunk(std::uint32_t index, const Chunk& chunk) {
    write_planes(chunk);
    DirectoryEntry entry{next_word_, 0, 0, 0};
    const auto count = static_cast<std::uint32_t>(chunk.values.size());
    const auto escapes = static_cast<std::uint32_t>(positions_.size());
    if (is_raw_smaller(count, escapes)) {
      entry.flags = kRawChunk;
      write_raw_record(chunk);
    } else {
      entry.escape_count = static_cast<std::uint16_t>(escapes);
      write_positional_record(chunk);
    }
    std::memcpy(at(layout_.directory + sizeof entry * std::uint64_t{index}), &entry, sizeof entry);
  }

  std::uint64_t escape_bytes() const { return 4 * std::uint64_t{next_word_}; }

 private:
  std::byte* at(std::uint64_t offset) { return frame_.data() + offset; }

  // Sign-mantissa bytes and codes; an escaped value gets code 0, and its position is noted.
  void write_planes(const Chunk& chunk) {
    positions_.clear();
    std::byte* const sign_mantissa = at(layout_.sign_mantissa) + chunk.first_value;
    for (std::size_t i = 0; i < chunk.values.size(); ++i) {
      const Bf16Parts parts = split(chunk.values[i]);
      sign_mantissa[i] = static_cast<std::byte>(parts.sign_mantissa);
      const std::uint8_t code = codebook_.code_of(parts.exponent);
      if (code == Codebook::kEscape) {
        positions_.push_back(static_cast<std::uint16_t>(i));
      } else {
        set_nibble(at(layout_.codes), chunk.first_value + i, code);
      }
    }
  }

  void write_positional_record(const Chunk& chunk) {
    const auto escapes = positions_.size();
    std::byte* const record =
        next_record(positional_record_words(static_cast<std::uint32_t>(escapes)));
    if (escapes == 0) return;
    std::memcpy(record, positions_.data(), 2 * escapes);
    for (std::size_t k = 0; k < escapes; ++k) {
      record[2 * escapes + k] = static_cast<std::byte>(split(chunk.values[positions_[k]]).exponent);
    }
  }

  // The code plane takes the low halves of the exponents, the record the high halves.
  void write_raw_record(const Chunk& chunk) {
    const auto count = static_cast<std::uint32_t>(chunk.values.size());
    std::byte* const record = next_record(raw_record_words(count));
    std::byte* const codes = at(layout_.codes) + chunk.first_value / 2;
    std::fill_n(codes, (count + 1) / 2, std::byte{0});
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint8_t exponent = split(chunk.values[i]).exponent;
      set_nibble(codes, i, exponent & 0xf);
      set_nibble(record, i, exponent >> 4);
    }
  }

  std::byte* next_record(std::uint32_t words) {
    std::byte* const record = at(layout_.escapes + escape_bytes());
    std::fill_n(record, 4 * std::size_t{words}, std::byte{0});
    next_word_ += words;
    return record;
  }

  const FrameLayout& layout_;
  const Codebook& codebook_;
  std::span<std::byte> frame_;
  std::vector<std::uint16_t> positions_;
  std::uint32_t next_word_ = 0;
};

FrameHeader header_for(const FrameLayout& layout, const EncodeParameters& parameters) {
  FrameHeader header{};
  header.magic = kFrameMagic;
  header.version = kFormatVersion;
  header.header_bytes = sizeof(FrameHeader);
  header.dtype = static_cast<std::uint8_t>(DType::bf16);
  header.code_bits = 4;
  header.chunk_log2 = parameters.chunk_log2;
  header.escape_mode = static_cast<std::uint8_t>(EscapeMode::positional);
  header.value_count = layout.value_count;
  header.chunk_count = layout.chunk_count;
  const auto exponents = parameters.codebook.exponents();
  std::copy(exponents.begin(), exponents.end(), header.codebook.begin());
  header.codebook_size = static_cast<std::uint8_t>(exponents.size());
  header.user_tag = parameters.user_tag;
  header.static_bytes = layout.escapes;
  return header;
}

}  // namespace

Codebook calibrate(std::span<const std::uint16_t> values) {
  ExponentHistogram histogram{};
  count_exponents(values, histogram);
  return Codebook::most_frequent(histogram);
}

std::size_t encode_into(std::span<const std::uint16_t> values, const EncodeParameters& parameters,
                        std::span<std::byte> frame) {
  assert(values.size() <= kMaxValueCount);
  assert(parameters.chunk_log2 >= kMinChunkLog2 && parameters.chunk_log2 <= kMaxChunkLog2);
  const FrameLayout layout = frame_layout(values.size(), parameters.chunk_log2);
  assert(frame.size() >= frame_bound(layout));
  FrameWriter writer(layout, parameters.codebook, frame);
  for (std::uint32_t index = 0; index < layout.chunk_count; ++index) {
    const std::uint64_t first = std::uint64_t{index} << layout.chunk_log2;
    writer.write_chunk(index, {first, values.subspan(first, layout.values_in_chunk(index))});
  }
  FrameHeader header = header_for(layout, parameters);
  header.escape_bytes = writer.escape_bytes();
  header.hash = header_hash(header);
  std::memcpy(frame.data(), &header, sizeof header);
  return layout.escapes + header.escape_bytes;
}

std::vector<std::byte> encode(std::span<const std::uint16_t> values,
                              const EncodeParameters& parameters) {
  std::vector<std::byte> frame(frame_bound(frame_layout(values.size(), parameters.chunk_log2)));
  frame.resize(encode_into(values, parameters, frame));
  return frame;
}

}  // namespace kvferry::codec
