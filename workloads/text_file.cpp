#include "workloads/text_file.hpp"

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "workloads/text_encoding.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kvferry::workloads {
namespace {

constexpr std::size_t kFirstBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kBytesLookedAt = 256;  // enough for every signature
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::int32_t column_of(std::size_t position) {
  return static_cast<std::int32_t>(position) + 1;
}

}  // namespace

TextFile::TextFile(std::string path)
    : path_(std::move(path)), buffer_(kFirstBufferBytes), fingerprint_(fnv1a("")) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path_, ignored)) refuse("is a directory, not a file");
  file_.reset(std::fopen(path_.c_str(), "rb"));
  if (file_ == nullptr) refuse("cannot be opened: " + std::generic_category().message(errno));
  read_first_bytes();
}

void TextFile::read_first_bytes() {
  while (unread().size() < kBytesLookedAt && fill()) {
  }
  if (unread().empty()) refuse("the file is empty");
  if (unread().starts_with(kByteOrderMark)) {
    has_byte_order_mark_ = true;
    consume(kByteOrderMark.size());
  }
  const auto foreign = foreign_content(unread().substr(0, kBytesLookedAt));
  if (foreign) refuse("this is " + std::string(*foreign));
}

std::optional<std::string_view> TextFile::next_line() {
  for (;;) {
    const auto line = next_raw_line();
    if (!line) return std::nullopt;
    check_characters(*line);
    if (line->find_first_not_of(" \t") != std::string_view::npos) return line;
    ++blank_lines_;
  }
}

std::optional<std::string_view> TextFile::next_raw_line() {
  std::size_t searched = 0;
  std::size_t newline = std::string_view::npos;
  do {
    newline = unread().find('\n', searched);
    if (newline != std::string_view::npos) break;
    searched = unread().size();
  } while (searched <= kLongestLineBytes && fill());
  if (unread().empty()) return std::nullopt;
  ++line_number_;
  const bool terminated = newline != std::string_view::npos;
  std::string_view line = unread().substr(0, newline);
  if (line.size() > kLongestLineBytes) refuse_line("the line is longer than 64 MiB");
  consume(line.size() + (terminated ? 1 : 0));
  if (terminated && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void TextFile::check_characters(std::string_view line) const {
  if (const auto nul = line.find('\0'); nul != std::string_view::npos) {
    refuse_line("the line contains a NUL byte", column_of(nul));
  }
  if (const auto lone = line.find('\r'); lone != std::string_view::npos) {
    refuse_line("a carriage return without a line feed; lines end in LF or CRLF", column_of(lone));
  }
  if (const auto invalid = first_invalid_utf8(line)) {
    refuse_line("the line is not valid UTF-8", column_of(*invalid));
  }
}

bool TextFile::at_end() {
  return unread().empty() && !fill();
}

void TextFile::consume(std::size_t bytes) {
  fingerprint_ = fnv1a(unread().substr(0, bytes), fingerprint_);
  bytes_read_ += static_cast<std::int64_t>(bytes);
  begin_ += bytes;
}

bool TextFile::fill() {
  if (exhausted_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const std::size_t count =
      std::fread(buffer_.data() + end_, 1, buffer_.size() - end_, file_.get());
  if (count == 0 && std::ferror(file_.get()) != 0) {
    throw std::system_error(errno, std::generic_category(), path_ + ": cannot be read");
  }
  end_ += count;
  exhausted_ = count == 0;
  return !exhausted_;
}

std::string TextFile::at_line(const std::string& message, std::int32_t column) const {
  std::string place = path_ + ":" + std::to_string(line_number_);
  if (column > 0) place += ":" + std::to_string(column);
  return place + ": error: " + message;
}

void TextFile::refuse_line(const std::string& message, std::int32_t column) const {
  throw InputError(at_line(message, column));
}

void TextFile::refuse(const std::string& message) const {
  throw InputError(path_ + ": error: " + message);
}

}  // namespace kvferry::workloads
