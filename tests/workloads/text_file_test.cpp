// Rules about any file, whatever its format: tried on both.
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

constexpr TraceFormat kBothFormats[] = {TraceFormat::mooncake, TraceFormat::azure};

std::string good_text(TraceFormat format) {
  return std::string(format == TraceFormat::mooncake ? kMooncakeText : kAzureText);
}

void expect_error_in_both(const std::string& content, const std::string& expected) {
  for (const TraceFormat format : kBothFormats) {
    EXPECT_EQ(trace_error(format, content), expected) << name_of(format);
  }
}

TEST(TextFile, AMissingFileIsRefused) {
  EXPECT_EQ(error_of([] { read_trace("/nonexistent/trace.jsonl", TraceFormat::mooncake, {}); }),
            "/nonexistent/trace.jsonl: error: cannot be opened: No such file or directory");
}

TEST(TextFile, ADirectoryIsRefused) {
  const std::string path = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(error_of([&] { read_trace(path, TraceFormat::azure, {}); }),
            path + ": error: is a directory, not a file");
}

TEST(TextFile, AnUnreadableFileIsRefused) {
  const TemporaryFile file(kMooncakeText);
  std::filesystem::permissions(file.path(), std::filesystem::perms::none);
  // The superuser can read every file, so be nobody for a moment.
  const bool is_superuser = geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (is_superuser && seteuid(kNobody) != 0) GTEST_SKIP() << "the superuser can read every file";
  const std::string complaint =
      error_of([&] { read_trace(file.path(), TraceFormat::mooncake, {}); });
  if (is_superuser && seteuid(0) != 0) FAIL() << "could not become superuser again";
  EXPECT_EQ(complaint, file.path() + ": error: cannot be opened: Permission denied");
}

TEST(TextFile, AFailingDiskIsNotTheUsersFault) {
  // Linux opens this one, but there is nothing to read at its start.
  const std::string path = "/proc/self/mem";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  EXPECT_THROW(read_trace(path, TraceFormat::azure, {}), std::system_error);
}

TEST(TextFile, AnEmptyFileIsRefused) {
  expect_error_in_both("", "FILE: error: the file is empty");
}

TEST(TextFile, AFileWithoutRowsIsRefused) {
  EXPECT_EQ(trace_error(TraceFormat::mooncake, "\n \t\n"), "FILE: error: the file has no rows");
  EXPECT_EQ(trace_error(TraceFormat::azure, "\n\n"), "FILE: error: the file has no header line");
  EXPECT_EQ(trace_error(TraceFormat::azure, "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"),
            "FILE: error: the file has no rows");
}

TEST(TextFile, WhatIsNotATextTableIsNamed) {
  const std::string lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";
  expect_error_in_both(
      lfs, "FILE: error: this is a Git-LFS pointer, not the file itself (run 'git lfs pull')");
  const std::string html = "FILE: error: this is an HTML page (download the raw file)";
  expect_error_in_both("<!DOCTYPE html>\n<html></html>\n", html);
  expect_error_in_both("\n  <!doctype HTML>\n", html);
  expect_error_in_both("<HTML lang=\"en\">\n", html);
  expect_error_in_both("\x1f\x8b\x08 rest",
                       "FILE: error: this is a gzip archive (decompress it first)");
  expect_error_in_both("\x28\xb5\x2f\xfd rest",
                       "FILE: error: this is a zstd archive (decompress it first)");
  expect_error_in_both("PK\x03\x04 rest",
                       "FILE: error: this is a zip archive (decompress it first)");
  expect_error_in_both("PAR1 rest",
                       "FILE: error: this is a Parquet file (export it as text first)");
}

TEST(TextFile, Utf16IsRefused) {
  const std::string message = "FILE: error: this is UTF-16 text (convert it to UTF-8 first)";
  expect_error_in_both("\xff\xfe{\1", message);
  expect_error_in_both("\xfe\xff\1{", message);
}

TEST(TextFile, ANulByteIsRefused) {
  using std::string_literals::operator""s;
  EXPECT_EQ(trace_error(TraceFormat::mooncake, std::string(kMooncakeText) + "{\"time\0\"\n"s),
            "FILE:4:7: error: the line contains a NUL byte");
  EXPECT_EQ(trace_error(TraceFormat::azure, std::string(kAzureText) + "\0"s),
            "FILE:4:35: error: the line contains a NUL byte");
}

TEST(TextFile, InvalidUtf8IsRefused) {
  // A lone continuation byte, an overlong '/', a surrogate, a code point above U+10FFFF, a cut one.
  for (const char* bytes : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                            "\xf0\x8f\xbf\xbf", "\xe0\x9f\xbf", "\xff"}) {
    EXPECT_EQ(trace_error(TraceFormat::mooncake,
                          "{\"request_id\": \"12345678" + std::string(bytes) + "\"}"),
              "FILE:1:25: error: the line is not valid UTF-8");
  }
}

TEST(TextFile, ValidUtf8IsAccepted) {
  const Trace trace = read_text(
      TraceFormat::mooncake,
      "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, "
      "\"request_id\": \"\xc2\xa2 \xe2\x82\xac \xed\x9f\xbf \xf0\x9f\x9a\xa2 \xf4\x8f\xbf\xbf\"}");
  EXPECT_EQ(trace.account.emitted, 1);
}

TEST(TextFile, AByteOrderMarkIsAcceptedOnceAndNoted) {
  for (const TraceFormat format : kBothFormats) {
    const Trace trace = read_text(format, "\xef\xbb\xbf" + good_text(format));
    EXPECT_TRUE(trace.account.byte_order_mark);
    EXPECT_EQ(trace.account.emitted, 3);
    EXPECT_FALSE(read_text(format, good_text(format)).account.byte_order_mark);
  }
  EXPECT_THAT(trace_error(TraceFormat::mooncake, "\xef\xbb\xbf\xef\xbb\xbf{}"),
              StartsWith("FILE:1: error: expected a JSON object, found '\\xef\\xbb\\xbf{}'"));
  EXPECT_THAT(trace_error(TraceFormat::mooncake, std::string(kMooncakeText) + "\xef\xbb\xbf{}"),
              StartsWith("FILE:4: error: expected a JSON object"));
}

TEST(TextFile, ALineOver64MebibytesIsRefused) {
  const std::string blanks((std::size_t{64} << 20) + 1, ' ');
  EXPECT_EQ(trace_error(TraceFormat::mooncake, std::string(kMooncakeText) + blanks),
            "FILE:4: error: the line is longer than 64 MiB");
  EXPECT_EQ(trace_error(TraceFormat::azure, std::string(kAzureText) + "\n" + blanks + "\n"),
            "FILE:5: error: the line is longer than 64 MiB");
}

TEST(TextFile, LinesLongerThanTheBufferAreRead) {
  const std::string blanks(std::size_t{3} << 20, ' ');
  const std::string row = R"({"timestamp": 0, "input_length": 1, "output_length": 1})";
  const Trace trace = read_text(TraceFormat::mooncake, row + blanks + "\n" + blanks + row);
  EXPECT_EQ(trace.account.emitted, 2);
}

TEST(TextFile, BothLineEndingsAndAMissingLastOneAreAccepted) {
  for (const TraceFormat format : kBothFormats) {
    std::string text = good_text(format);
    std::erase(text, '\r');
    if (text.ends_with('\n')) text.pop_back();
    std::string with_returns;
    for (const char c : text) with_returns += c == '\n' ? "\r\n" : std::string(1, c);
    for (const std::string& variant : {text, text + "\n", with_returns, with_returns + "\r\n"}) {
      EXPECT_EQ(read_text(format, variant).account.emitted, 3);
    }
  }
}

TEST(TextFile, BlankLinesAreCounted) {
  const Trace trace =
      read_text(TraceFormat::mooncake, "\n" + std::string(kMooncakeText) + " \t \r\n\n");
  EXPECT_EQ(trace.account.blank_lines, 3);
  EXPECT_EQ(trace.account.rows_read, 3);
}

TEST(TextFile, ALoneCarriageReturnIsRefused) {
  const std::string message =
      " error: a carriage return without a line feed; lines end in LF or CRLF";
  EXPECT_EQ(trace_error(TraceFormat::azure, std::string(kAzureText) + "\r"),
            "FILE:4:35:" + message);
  EXPECT_EQ(trace_error(TraceFormat::mooncake, "{}\r{}\n"), "FILE:1:3:" + message);
}

TEST(TextFile, LineNumbersCountBlankLines) {
  EXPECT_THAT(trace_error(TraceFormat::mooncake, "\n\n[]\n"), StartsWith("FILE:3: error:"));
}

TEST(TextFile, LongAndUnprintableTextIsCutAndEscapedInMessages) {
  EXPECT_EQ(trace_error(TraceFormat::mooncake, "\x01\t\"\\" + std::string(100, 'x')),
            "FILE:1: error: expected a JSON object, found '\\x01\\t\"\\\\" + std::string(68, 'x') +
                "...'");
  EXPECT_THAT(trace_error(TraceFormat::mooncake, std::string(80, 'x')),
              EndsWith("'" + std::string(80, 'x') + "'"));
}

TEST(TextFile, LineBreaksInsideJsonStringsAreEscapedInMessages) {
  EXPECT_EQ(trace_error(TraceFormat::mooncake, R"({"timestamp": "a\nb\r"})"),
            R"(FILE:1: error: 'timestamp': expected a number, found '"a\nb\r"')");
}

TEST(TextFile, FingerprintAndSizeAreThoseOfTheBytesRead) {
  const Trace once = read_text(TraceFormat::azure, kAzureText);
  const Trace again = read_text(TraceFormat::azure, kAzureText);
  const Trace other = read_text(TraceFormat::azure, std::string(kAzureText) + "\n");
  EXPECT_EQ(once.file_bytes, static_cast<std::int64_t>(kAzureText.size()));
  EXPECT_EQ(once.fingerprint, again.fingerprint);
  EXPECT_NE(once.fingerprint, other.fingerprint);
  EXPECT_EQ(other.file_bytes, once.file_bytes + 1);
}

}  // namespace
}  // namespace kvferry::workloads
