// Whole containers: files in, the same files out, and damage found.
#include "codec/files/kvz_reader.hpp"
#include "codec/files/kvz_writer.hpp"
#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kvferry::codec {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

FileBytes encoded(const FileBytes& source, const KvzOptions& options = {}) {
  FileBytes file;
  encode_kvz(InputFile("source", source), options,
             [&](std::span<const std::byte> bytes) { append(file, bytes); });
  return file;
}

FileBytes decoded(const FileBytes& kvz, const Execution& execution = {}) {
  FileBytes file;
  decode_kvz(
      InputFile("x.kvz", kvz), [&](std::span<const std::byte> bytes) { append(file, bytes); },
      execution);
  return file;
}

std::string decode_error(const FileBytes& kvz) {
  return input_error([&] { decoded(kvz); });
}

std::size_t frames_in(const FileBytes& kvz) {
  const InputFile file("x.kvz", kvz);
  const KvzReader reader(file);
  std::size_t frames = 0;
  for (const KvzSection& section : reader.index().sections) {
    for (const KvzPart& part : section.parts) {
      if (part.storage == KvzStorage::frame) ++frames;
    }
  }
  return frames;
}

TEST(KvzFile, MixedSafetensorsComeBackBitForBit) {
  const FileBytes source = mixed_safetensors();
  const FileBytes kvz = encoded(source);
  EXPECT_EQ(frames_in(kvz), 3U) << "one of each type";
  EXPECT_EQ(decoded(kvz), source);
}

TEST(KvzFile, EveryRuleAndChecksumKindComesBackBitForBit) {
  const FileBytes source = mixed_safetensors(20'000);
  for (const FrameRule rule : {FrameRule::w4_positional, FrameRule::w4_sentinel,
                               FrameRule::w3_sentinel, FrameRule::smallest}) {
    for (const ChecksumKind checksum : {ChecksumKind::none, ChecksumKind::per_chunk}) {
      KvzOptions options;
      options.rule = rule;
      options.checksum = checksum;
      EXPECT_EQ(decoded(encoded(source, options)), source);
    }
  }
}

TEST(KvzFile, FilesWithoutValuesComeBack) {
  for (const FileBytes& source :
       {safetensors_file("{}"), safetensors_file("{}        "),
        npy_file(1, "{'descr': '<V2', 'fortran_order': False, 'shape': (0, 3)}")}) {
    EXPECT_EQ(decoded(encoded(source)), source);
  }
  KvzOptions raw;
  raw.dtype = DType::bf16;
  EXPECT_EQ(decoded(encoded({}, raw)), FileBytes{});
}

TEST(KvzFile, NpyAndRawValuesComeBackBitForBit) {
  for (const ValueKind kind : kAllValueKinds) {
    const auto values = draw_tensor(DType::bf16, kind, 10'000);
    for (const unsigned version : {1U, 2U, 3U}) {
      const FileBytes source = npy_file(
          version, "{'descr': '<V2', 'fortran_order': True, 'shape': (100, 100)}\n", values);
      EXPECT_EQ(decoded(encoded(source)), source);
    }
    for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
      KvzOptions options;
      options.dtype = dtype;
      EXPECT_EQ(decoded(encoded(values, options)), values);
    }
  }
}

TEST(KvzFile, ValuesOfSeveralPartsComeBackAndTheNumberOfThreadsDoesNotShow) {
  KvzOptions options;
  options.dtype = DType::bf16;
  const auto values = draw_tensor(DType::bf16, ValueKind::gaussian, 17'000'001);
  const FileBytes kvz = encoded(values, options);
  EXPECT_EQ(KvzReader(InputFile("x.kvz", kvz)).index().sections[0].parts.size(), 2U);
  options.execution.threads = 3;
  EXPECT_EQ(encoded(values, options), kvz);
  EXPECT_EQ(decoded(kvz, {.threads = 3}), values);
  EXPECT_LT(kvz.size(), values.size() * 3 / 4);
}

TEST(KvzFile, WhatAFrameWouldEnlargeIsKeptAsItIs) {
  KvzOptions options;
  options.dtype = DType::e4m3;
  for (const std::size_t values : {100U, 50'000U}) {
    const auto source = draw_tensor(DType::e4m3, ValueKind::random_bits, values);
    const FileBytes kvz = encoded(source, options);
    const InputFile file("x.kvz", kvz);
    const KvzReader reader(file);
    const KvzPart& part = reader.index().sections[0].parts[0];
    EXPECT_EQ(part.storage, KvzStorage::verbatim) << values;
    EXPECT_EQ(part.stored_bytes, values);
    EXPECT_EQ(decoded(kvz), source);
  }
}

TEST(KvzFile, TheSmallestFormatIsChosenForEachTensor) {
  const FileBytes source = mixed_safetensors(50'000);
  const auto size_with = [&](FrameRule rule) {
    KvzOptions options;
    options.rule = rule;
    return encoded(source, options).size();
  };
  const std::size_t smallest = size_with(FrameRule::smallest);
  for (const FrameRule rule :
       {FrameRule::w4_positional, FrameRule::w4_sentinel, FrameRule::w3_sentinel}) {
    EXPECT_LE(smallest, size_with(rule));
  }
}

TEST(KvzFile, EverySingleFlippedBitIsDetected) {
  const FileBytes source = mixed_safetensors(1300);
  const FileBytes kvz = encoded(source);
  ASSERT_EQ(decoded(kvz), source);
  ASSERT_GE(frames_in(kvz), 1U);
  for (std::size_t byte = 0; byte < kvz.size(); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      FileBytes damaged = kvz;
      damaged[byte] ^= static_cast<std::byte>(1U << bit);
      ASSERT_THAT(decode_error(damaged), StartsWith("x.kvz: error: "))
          << "byte " << byte << ", bit " << bit;
    }
  }
}

TEST(KvzFile, TruncationAtEveryLengthIsRefused) {
  const FileBytes kvz = encoded(mixed_safetensors(40));
  for (std::size_t length = 0; length < kvz.size(); ++length) {
    const FileBytes cut(kvz.begin(), kvz.begin() + static_cast<std::ptrdiff_t>(length));
    ASSERT_THAT(decode_error(cut), AnyOf(HasSubstr("truncated"), HasSubstr("first bytes differ")))
        << length;
  }
  FileBytes longer = kvz;
  longer.push_back(std::byte{0});
  EXPECT_THAT(decode_error(longer), HasSubstr("does not end as a .kvz file must"));
}

TEST(KvzFile, AFlippedPayloadBitIsLocated) {
  constexpr std::size_t kValues = 17'000'000;  // two parts
  KvzOptions options;
  options.dtype = DType::bf16;
  FileBytes kvz = encoded(draw_tensor(DType::bf16, ValueKind::gaussian, kValues), options);
  const InputFile file("x.kvz", kvz);
  const KvzReader reader(file);
  const KvzPart& part = reader.index().sections[0].parts[1];
  KvzPartBytes bytes;
  reader.read_part({0, 1}, {}, bytes);
  const std::uint64_t plane = bytes.frame_contents().layout.sign_mantissa.low;
  kvz[part.offset + plane + 3 * 8192 + 17] ^= std::byte{1};
  EXPECT_EQ(decode_error(kvz),
            "x.kvz: error: tensor 'source', part 2 of 2 (at byte " + std::to_string(part.offset) +
                "): chunk 3 (values 24576 to 32767 of the part): the values do not match their "
                "checksum");
}

TEST(KvzFile, DamageInWhatIsStoredAsItIsIsLocated) {
  const FileBytes source = mixed_safetensors(40);
  const FileBytes kvz = encoded(source);
  const InputFile file("x.kvz", kvz);
  const KvzReader reader(file);
  for (const KvzSection& section : reader.index().sections) {
    if (section.parts.empty() || section.parts[0].storage == KvzStorage::frame) continue;
    FileBytes damaged = kvz;
    damaged[section.parts[0].offset] ^= std::byte{0x10};
    EXPECT_THAT(decode_error(damaged),
                AllOf(HasSubstr(section.description()), HasSubstr("do not match their hash")));
  }
}

TEST(KvzFile, FramesInEachOthersPlaceAreRefused) {
  KvzOptions options;
  options.dtype = DType::e5m2;  // parts of equal size: 32 MiB each
  constexpr std::size_t kPart = std::size_t{32} << 20;
  FileBytes values(2 * kPart, std::byte{0x3c});
  values[5] = std::byte{0x3d};
  FileBytes kvz = encoded(values, options);
  const InputFile file("x.kvz", kvz);
  const auto parts = KvzReader(file).index().sections[0].parts;
  ASSERT_EQ(parts.size(), 2U);
  ASSERT_EQ(parts[0].stored_bytes, parts[1].stored_bytes);
  std::swap_ranges(
      kvz.begin() + static_cast<std::ptrdiff_t>(parts[0].offset),
      kvz.begin() + static_cast<std::ptrdiff_t>(parts[0].offset + parts[0].stored_bytes),
      kvz.begin() + static_cast<std::ptrdiff_t>(parts[1].offset));
  EXPECT_THAT(decode_error(kvz), HasSubstr("the frame belongs to another part"));
}

TEST(KvzFile, ForeignFilesAreRefused) {
  EXPECT_THAT(decode_error({}), HasSubstr("this is not a .kvz file"));
  EXPECT_THAT(decode_error(mixed_safetensors()), HasSubstr("this is not a .kvz file"));
  EXPECT_THAT(decode_error(FileBytes(1000)), HasSubstr("this is not a .kvz file"));
}

TEST(KvzFile, AFutureVersionIsNamed) {
  FileBytes kvz = encoded(mixed_safetensors(40));
  KvzHeader header{};
  std::memcpy(&header, kvz.data(), sizeof header);
  header.version = 2;
  header.hash = hash_of(header);
  std::memcpy(kvz.data(), &header, sizeof header);
  EXPECT_THAT(decode_error(kvz), HasSubstr("version 2 of the .kvz format is not supported"));
}

TEST(KvzFile, CodingsCalibratedBeforeAreUsed) {
  const FileBytes source = mixed_safetensors();
  constexpr std::array<std::uint8_t, 2> kExponents{120, 127};
  TensorCodings codings;
  codings.emplace(CodingKey{group_of("layers.0.k"), DType::bf16},
                  TensorCoding{{DType::bf16, 3, EscapeMode::sentinel}, Codebook(kExponents)});
  KvzOptions options;
  options.codings = &codings;
  const FileBytes kvz = encoded(source, options);
  EXPECT_EQ(decoded(kvz), source);
  const InputFile file("x.kvz", kvz);
  const KvzReader reader(file);
  KvzPartBytes bytes;
  for (std::size_t section = 0; section < reader.index().sections.size(); ++section) {
    const std::string& name = reader.index().sections[section].name;
    if (reader.index().sections[section].dtype() != DType::bf16) continue;
    if (reader.index().sections[section].parts.empty()) continue;
    reader.read_part({section, 0}, {}, bytes);
    if (bytes.frame().empty()) continue;
    const FrameHeader& header = bytes.frame_contents().header;
    EXPECT_EQ(header.codebook_size == 2 && header.codebook[0] == 120 && header.code_bits == 3,
              name == "layers.0.k")
        << name;
  }
}

// The worked example of codec/KVZ.md.
TEST(KvzFile, TheBytesAreThoseOfTheFormatsDescription) {
  const FileBytes source(4096);
  KvzOptions options;
  options.dtype = DType::bf16;
  FileBytes kvz;
  encode_kvz(InputFile("zeros.bin", source), options,
             [&](std::span<const std::byte> bytes) { append(kvz, bytes); });
  const auto hex = [&](std::size_t begin, std::size_t end) {
    std::string text;
    for (std::size_t i = begin; i < end; ++i) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = std::to_integer<unsigned>(kvz[i]);
      text += {kDigits[byte / 16], kDigits[byte % 16]};
    }
    return text;
  };
  ASSERT_EQ(kvz.size(), 0xda8U);
  EXPECT_EQ(hex(0, 0x40),
            "894b565a0d0a1a0a0100400000000000" + std::string(80, '0') + "3f1f3563e27cff27");
  EXPECT_EQ(hex(0x80, 0x88), "89535a4b560d0a1a");
  EXPECT_EQ(hex(0xd00, 0xda8),
            "03000000010000000010000000000000"
            "010104000500000001000000000000000010000000000000"
            "0008000000000000424631367a65726f7300000000000000"
            "01000000000000008000000000000000800c000000000000"
            "00100000000000000000000000000000"
            "894b565a454e440a000d0000000000006800000000000000"
            "7270443febb68380a80d000000000000" +
                std::string(32, '0') + "f597312ff08ab45b");
}

TEST(KvzFile, ProgressReachesTheEnd) {
  const FileBytes source = mixed_safetensors();
  std::vector<std::uint64_t> done;
  encode_kvz(
      InputFile("source", source), {}, [](std::span<const std::byte>) {},
      [&](const ProgressPoint& point) {
        EXPECT_EQ(point.total_bytes, source.size());
        done.push_back(point.done_bytes);
      });
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.back(), source.size());
}

}  // namespace
}  // namespace kvferry::codec
