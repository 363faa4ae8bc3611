// Frames in hexadecimal with the values that made them: what every encoder, on any processor, must
// write. To write the files anew after a change of the format (and of its version):
//   KVFERRY_WRITE_GOLDEN=1 codec_test --gtest_filter='GoldenFrames.*'
#include "codec/splitzip.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace kvferry::codec {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

const std::string kFolder = KVFERRY_TEST_FILES "/codec/golden";
constexpr std::uint64_t kUserTag = 0x0123456789abcdef;

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::size_t kBytesPerLine = 48;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % kBytesPerLine == 0) text += '\n';
    text += kDigits[std::to_integer<std::size_t>(bytes[i]) >> 4];
    text += kDigits[std::to_integer<std::size_t>(bytes[i]) & 0xf];
  }
  return text;
}

Bytes from_hex(const std::string& text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

struct Golden {
  FrameFormat format;
  Bytes codebook;
  Bytes values;
  Bytes frame;
};

EncodeParameters parameters_of(const Golden& golden) {
  std::vector<std::uint8_t> exponents;
  for (const std::byte exponent : golden.codebook)
    exponents.push_back(std::to_integer<std::uint8_t>(exponent));
  return {Codebook(exponents), golden.format, kUserTag};
}

// "key value" lines; `values` and `frame` are followed by lines of hexadecimal digits.
Golden read_golden(const fs::path& path) {
  std::ifstream file(path);
  std::map<std::string, std::string> fields;
  std::string key;
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    if (line.starts_with('#')) continue;
    if (space != std::string::npos) {
      fields[line.substr(0, space)] = line.substr(space + 1);
    } else if (line == "values" || line == "frame") {
      key = line;
    } else {
      fields[key] += line;
    }
  }
  const std::string& dtype = fields.at("dtype");
  return {{dtype == "bf16"   ? DType::bf16
           : dtype == "e5m2" ? DType::e5m2
                             : DType::e4m3,
           static_cast<std::uint8_t>(std::stoi(fields.at("code_bits"))),
           fields.at("escape_mode") == "sentinel" ? EscapeMode::sentinel : EscapeMode::positional,
           fields.at("checksum") == "per-chunk" ? ChecksumKind::per_chunk : ChecksumKind::none,
           static_cast<std::uint8_t>(std::stoi(fields.at("chunk_log2")))},
          from_hex(fields.at("codebook")),
          from_hex(fields.at("values")),
          from_hex(fields.at("frame"))};
}

std::string text_of_golden(const Golden& golden) {
  std::ostringstream out;
  out << "# A SplitZip frame (codec/FORMAT.md, version 1) and the bytes of the values that made "
         "it.\n"
      << "dtype " << name_of(golden.format.dtype) << "\ncode_bits " << int{golden.format.code_bits}
      << "\nescape_mode "
      << (golden.format.mode == EscapeMode::sentinel ? "sentinel" : "positional") << "\nchecksum "
      << (golden.format.checksum == ChecksumKind::none ? "none" : "per-chunk") << "\nchunk_log2 "
      << int{golden.format.chunk_log2} << "\nuser_tag 0123456789abcdef\ncodebook "
      << hex(golden.codebook) << "\nvalues\n"
      << hex(golden.values) << "\nframe\n"
      << hex(golden.frame) << "\n";
  return out.str();
}

// A few plain numbers, strays and special values; with 1,030 of them a chunk of noise, which turns
// raw, and a rest.
Golden make_golden(FrameFormat format, std::size_t count) {
  Golden golden{
      format, {}, draw_tensor(format.dtype, ValueKind::gaussian_with_strays, count, 5), {}};
  const bool two_chunks = count > 1024;
  const Bytes other =
      draw_tensor(format.dtype, two_chunks ? ValueKind::random_bits : ValueKind::special_values,
                  two_chunks ? 1024 : 12, 6);
  std::copy(other.begin(), other.end(), golden.values.begin());
  const std::span<const std::byte> typical = std::span(golden.values).subspan(other.size());
  for (const std::uint8_t exponent : best_codebook(typical, format).exponents()) {
    golden.codebook.push_back(static_cast<std::byte>(exponent));
  }
  golden.frame = encode(golden.values, parameters_of(golden));
  return golden;
}

void write_all() {
  const auto write = [](FrameFormat format, std::size_t count, const std::string& suffix) {
    const std::string mode = format.mode == EscapeMode::sentinel ? "sentinel" : "positional";
    const std::string name = std::string(name_of(format.dtype)) + "-w" +
                             std::to_string(format.code_bits) + "-" + mode + suffix;
    std::ofstream(kFolder + "/" + name + ".txt") << text_of_golden(make_golden(format, count));
  };
  for (const FrameFormat& format : kAllFormats) {
    if (format.chunk_log2 == kDefaultChunkLog2 && format.checksum == ChecksumKind::none)
      write(format, 45, "");
  }
  write({DType::bf16, 4, EscapeMode::positional, ChecksumKind::per_chunk, 10}, 1030,
        "-raw-checksum");
  write({DType::e5m2, 3, EscapeMode::sentinel, ChecksumKind::per_chunk, 10}, 1031, "-raw-checksum");
}

TEST(GoldenFrames, EveryInstructionSetWritesAndReadsThem) {
  if (std::getenv("KVFERRY_WRITE_GOLDEN") != nullptr) write_all();
  int frames = 0;
  for (const auto& file : fs::directory_iterator(kFolder)) {
    SCOPED_TRACE(file.path());
    const Golden golden = read_golden(file.path());
    for (const InstructionSet set :
         {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512}) {
      if (!is_available(set)) continue;
      EXPECT_EQ(hex(encode(golden.values, parameters_of(golden), {.instructions = set})),
                hex(golden.frame));
      Bytes values(golden.values.size());
      EXPECT_EQ(decode(golden.frame, std::span(values), {.instructions = set}).fault,
                FrameFault::none);
      EXPECT_EQ(hex(values), hex(golden.values));
    }
    ++frames;
  }
  EXPECT_EQ(frames, 11);
}

}  // namespace
}  // namespace kvferry::codec
