// Frames that nobody's encoder wrote. The decoder must refuse them or, where only payload bits
// changed, return something; it must never touch memory it should not (run under the sanitizers).
#include "codec/splitzip.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

namespace kvferry::codec {
namespace {

using Frame = std::vector<std::byte>;

constexpr std::size_t kCount = 20'011;

Frame good_frame(ValueKind kind = ValueKind::gaussian_with_strays) {
  const auto values = draw_values(kind, kCount);
  return encode(values, {.codebook = calibrate(values)});
}

FrameFault fault_of(const Frame& frame, std::size_t capacity = kCount) {
  // Exact-size heap blocks, so that the sanitizer sees a single byte too far.
  const auto bytes = std::make_unique<std::byte[]>(frame.size());
  std::copy(frame.begin(), frame.end(), bytes.get());
  std::vector<std::uint16_t> values(capacity);
  return decode(std::span<const std::byte>(bytes.get(), frame.size()), values).fault;
}

void edit_header(Frame& frame, const std::function<void(FrameHeader&)>& edit) {
  FrameHeader header{};
  std::memcpy(&header, frame.data(), sizeof header);
  edit(header);
  header.hash = header_hash(header);
  std::memcpy(frame.data(), &header, sizeof header);
}

FrameFault fault_after(const std::function<void(FrameHeader&)>& edit) {
  Frame frame = good_frame();
  edit_header(frame, edit);
  return fault_of(frame);
}

DirectoryEntry entry_of(const Frame& frame, std::size_t chunk) {
  DirectoryEntry entry{};
  std::memcpy(&entry, frame.data() + 128 + sizeof entry * chunk, sizeof entry);
  return entry;
}

FrameFault fault_after_entry(const std::function<void(DirectoryEntry&)>& edit,
                             std::size_t chunk = 1) {
  Frame frame = good_frame();
  DirectoryEntry entry = entry_of(frame, chunk);
  edit(entry);
  std::memcpy(frame.data() + 128 + sizeof entry * chunk, &entry, sizeof entry);
  return fault_of(frame);
}

TEST(HostileFrame, EveryTruncationIsRefused) {
  const Frame frame = good_frame();
  for (std::size_t size = 0; size < frame.size(); size += size < 200 ? 1 : 97) {
    EXPECT_EQ(fault_of({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}),
              FrameFault::truncated);
  }
}

TEST(HostileFrame, BytesBehindTheFrameAreRefused) {
  Frame frame = good_frame();
  frame.push_back(std::byte{0});
  EXPECT_EQ(fault_of(frame), FrameFault::size_mismatch);
}

TEST(HostileFrame, AForeignFileIsRefused) {
  EXPECT_EQ(fault_of(Frame(4096, std::byte{'x'})), FrameFault::bad_magic);
  EXPECT_EQ(fault_of({}), FrameFault::truncated);
}

TEST(HostileFrame, AnyFlippedHeaderBitIsRefused) {
  const Frame frame = good_frame();
  for (std::size_t bit = 0; bit < 8 * sizeof(FrameHeader); ++bit) {
    Frame flipped = frame;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_NE(fault_of(flipped), FrameFault::none) << "bit " << bit;
  }
}

TEST(HostileFrame, HeaderFieldsOutsideTheFormatAreRefused) {
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.version = 2; }), FrameFault::unsupported_version);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.dtype = 7; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.code_bits = 5; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.chunk_log2 = 63; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.escape_mode = 2; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.value_count = ~0ULL; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.chunk_count += 1; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.flags = 1; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.checksum_kind = 2; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.codebook_size = 0; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.codebook_size = 17; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { std::swap(h.codebook[0], h.codebook[1]); }),
            FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.reserved_b[39] = 1; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.static_bytes += 128; }), FrameFault::invalid_field);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.status = 1; }), FrameFault::incomplete);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.escape_bytes += 4; }), FrameFault::truncated);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.escape_bytes -= 4; }), FrameFault::size_mismatch);
  EXPECT_EQ(fault_after([](FrameHeader& h) { h.escape_bytes = ~3ULL; }), FrameFault::size_mismatch);
}

TEST(HostileFrame, AnotherCountThanTheFrameWasWrittenForIsRefused) {
  // The planes of 20,010 values take as many aligned bytes as those of 20,011: only the padding
  // differs.
  EXPECT_NE(fault_after([](FrameHeader& h) { h.value_count -= 1; }), FrameFault::none);
}

TEST(HostileFrame, DirectoryEntriesOutsideTheFormatAreRefused) {
  EXPECT_EQ(fault_after_entry([](DirectoryEntry& e) { e.escape_word += 1; }),
            FrameFault::corrupt_directory);
  EXPECT_EQ(fault_after_entry([](DirectoryEntry& e) { e.escape_count = 0xffff; }),
            FrameFault::corrupt_directory);
  EXPECT_EQ(fault_after_entry([](DirectoryEntry& e) { e.flags = 2; }),
            FrameFault::corrupt_directory);
  EXPECT_EQ(fault_after_entry([](DirectoryEntry& e) { e.flags = 1; }),
            FrameFault::corrupt_directory);
  EXPECT_EQ(fault_after_entry([](DirectoryEntry& e) { e.reserved = 1; }),
            FrameFault::corrupt_directory);
}

// With the codebook 0 ... 14 an exponent's low bits are its code, and the raw record of E4M3 with 4
// bits is empty: only the directory says which of the two was meant.
TEST(HostileFrame, ARawChunkThatHadNoReasonToBeRawIsRefused) {
  const FrameFormat format{DType::e4m3, 4, EscapeMode::sentinel};
  const std::vector<std::byte> values(45, std::byte{0x38});
  constexpr std::array<std::uint8_t, 15> kExponents{0, 1, 2,  3,  4,  5,  6, 7,
                                                    8, 9, 10, 11, 12, 13, 14};
  Frame frame = encode(values, {Codebook(kExponents), format});
  DirectoryEntry entry = entry_of(frame, 0);
  ASSERT_EQ(entry.flags, 0);
  entry.flags = kRawChunk;
  std::memcpy(frame.data() + 128, &entry, sizeof entry);
  std::vector<std::byte> out(values.size());
  EXPECT_EQ(decode(frame, std::span(out)).fault, FrameFault::corrupt_directory);
}

TEST(HostileFrame, EscapeRecordsOutsideTheFormatAreRefused) {
  const Frame frame = good_frame();
  const FrameLayout layout = frame_layout(kCount, {});
  const std::size_t escapes = entry_of(frame, 0).escape_count;
  ASSERT_GT(escapes, 2U);
  const auto fault_after_byte = [&](std::size_t offset, int value) {
    Frame edited = frame;
    edited[layout.escapes + offset] = static_cast<std::byte>(value);
    return fault_of(edited);
  };
  EXPECT_EQ(fault_after_byte(3, 0xff), FrameFault::corrupt_escape_record)
      << "position out of range";
  Frame swapped = frame;
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(layout.escapes),
                   swapped.begin() + static_cast<std::ptrdiff_t>(layout.escapes + 2),
                   swapped.begin() + static_cast<std::ptrdiff_t>(layout.escapes + 2));
  EXPECT_EQ(fault_of(swapped), FrameFault::corrupt_escape_record) << "positions not ascending";
  const FrameHeader& header = *reinterpret_cast<const FrameHeader*>(frame.data());
  EXPECT_EQ(fault_after_byte(2 * escapes, header.codebook[3]), FrameFault::corrupt_escape_record)
      << "an escape that is in the codebook";
}

TEST(HostileFrame, NonZeroPaddingIsRefused) {
  const Frame frame = good_frame();
  const FrameLayout layout = frame_layout(kCount, {});
  for (const std::uint64_t offset : {layout.sign_mantissa.low - 1, layout.codes.low - 1,
                                     layout.escapes - 1, layout.codes.low + kCount / 2}) {
    Frame edited = frame;
    edited[offset] |= std::byte{0x80};
    EXPECT_EQ(fault_of(edited), FrameFault::nonzero_padding) << "offset " << offset;
  }
}

TEST(HostileFrame, AnOutputThatIsTooSmallIsRefused) {
  EXPECT_EQ(fault_of(good_frame(), kCount - 1), FrameFault::output_too_small);
}

TEST(HostileFrame, EveryFaultHasItsOwnSentence) {
  std::vector<std::string_view> sentences;
  for (int i = 0; i <= static_cast<int>(FrameFault::output_too_small); ++i) {
    sentences.push_back(text_of(static_cast<FrameFault>(i)));
  }
  std::sort(sentences.begin(), sentences.end());
  EXPECT_EQ(std::adjacent_find(sentences.begin(), sentences.end()), sentences.end());
}

// Accepted mutants must be frames that carry other payload bits: re-encoding gives them back
// exactly.
void expect_refused_or_canonical(const Frame& frame, const std::string& what) {
  FrameContents contents{};
  const auto bytes = std::make_unique<std::byte[]>(frame.size());
  std::copy(frame.begin(), frame.end(), bytes.get());
  const std::span<const std::byte> view{bytes.get(), frame.size()};
  if (check_header(view, contents) != FrameFault::none) return;
  ASSERT_LE(contents.value_bytes(), 4 * frame.size()) << what;
  std::vector<std::byte> values(contents.value_bytes());
  if (decode(view, std::span(values)).fault != FrameFault::none) return;
  const Codebook codebook({contents.header.codebook.data(), contents.header.codebook_size});
  EXPECT_EQ(encode(values, {codebook, contents.layout.format, contents.header.user_tag}), frame)
      << what;
}

Frame mutated(Frame frame, RandomStream& random) {
  const std::size_t edits = 1 + random.below(4);
  for (std::size_t e = 0; e < edits; ++e) {
    const bool near_the_front = random.below(2) == 0;
    const std::size_t range =
        near_the_front ? std::min<std::size_t>(160, frame.size()) : frame.size();
    frame[random.below(range)] = static_cast<std::byte>(random.next_word());
  }
  if (random.below(8) == 0) frame.resize(random.below(frame.size()));
  if (frame.size() >= 128 && random.below(4) != 0) edit_header(frame, [](FrameHeader&) {});
  return frame;
}

TEST(HostileFrame, MutantsOfEveryFormatAreRefusedOrCarryOtherPayloadBits) {
  RandomStream random(1, "mutants");
  for (const FrameFormat& format : kAllFormats) {
    for (const ValueKind kind : kAllValueKinds) {
      const auto tensor = draw_tensor(format.dtype, kind, 5011);
      const Frame original = encode(tensor, {best_codebook(tensor, format), format});
      for (int i = 0; i < 150; ++i) {
        expect_refused_or_canonical(mutated(original, random), "mutant " + std::to_string(i));
      }
    }
  }
}

TEST(HostileFrame, AFlippedPayloadBitIsFoundByTheChecksumInItsChunk) {
  RandomStream random(1, "flips");
  for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
    FrameFormat format{dtype, 4, EscapeMode::sentinel, ChecksumKind::per_chunk};
    const auto tensor = draw_tensor(dtype, ValueKind::gaussian_with_strays, 50'000);
    const Frame original = encode(tensor, {best_codebook(tensor, format), format});
    const FrameLayout layout = frame_layout(50'000, format);
    const BitSplit split = sign_mantissa_split(dtype);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t value = random.below(50'000);
      const std::uint64_t bit = value * split.low_bits + random.below(split.low_bits);
      Frame flipped = original;
      flipped[layout.sign_mantissa.low + bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      std::vector<std::byte> out(tensor.size());
      const DecodeResult result = decode(flipped, std::span(out));
      EXPECT_EQ(result.fault, FrameFault::checksum_mismatch);
      EXPECT_EQ(result.chunk, value >> format.chunk_log2);
    }
  }
}

}  // namespace
}  // namespace kvferry::codec
