#include "workloads/text_encoding.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>

namespace kvferry::workloads {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view bytes;
  std::string_view noun;
};

constexpr std::array kSignatures{
    Signature{"\x1f\x8b"sv, "a gzip archive (decompress it first)"sv},
    Signature{"\x28\xb5\x2f\xfd"sv, "a zstd archive (decompress it first)"sv},
    Signature{"PK\x03\x04"sv, "a zip archive (decompress it first)"sv},
    Signature{"PAR1"sv, "a Parquet file (export it as text first)"sv},
    Signature{"version https://git-lfs.github.com/spec/"sv,
              "a Git-LFS pointer, not the file itself (run 'git lfs pull')"sv},
    Signature{"\xff\xfe"sv, "UTF-16 text (convert it to UTF-8 first)"sv},
    Signature{"\xfe\xff"sv, "UTF-16 text (convert it to UTF-8 first)"sv},
};

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [&](char lower, char found) { return same(found, lower); });
}

bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & kHighBits) != 0) return false;
  }
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Length of the well-formed sequence at the start of `text`, or 0. The second byte's range excludes
// overlong forms, surrogates and code points above U+10FFFF.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::optional<std::string_view> foreign_content(std::string_view first_bytes) {
  for (const Signature& signature : kSignatures) {
    if (first_bytes.starts_with(signature.bytes)) return signature.noun;
  }
  const auto text_start = first_bytes.find_first_not_of(" \t\r\n");
  if (text_start == std::string_view::npos) return std::nullopt;
  const std::string_view text = first_bytes.substr(text_start);
  if (starts_with_ignoring_case(text, "<!doctype") || starts_with_ignoring_case(text, "<html")) {
    return "an HTML page (download the raw file)";
  }
  return std::nullopt;
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  if (is_ascii(text)) return std::nullopt;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = sequence_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace kvferry::workloads
