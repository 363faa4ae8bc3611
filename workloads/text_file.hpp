// The lines of a text file, read as a stream. Whatever is not plain UTF-8 text is refused by name:
// archives, HTML pages, Git-LFS pointers, UTF-16, NUL bytes, lone carriage returns, endless lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

/// Line terminators are LF or CRLF, and the last one may be missing; blank lines are counted and
/// left out; a UTF-8 byte-order mark is accepted at the first byte.
class TextFile {
 public:
  static constexpr std::size_t kLongestLineBytes = std::size_t{64} << 20;

  /// Opens the file and looks at its first bytes.
  /// @throws InputError when it cannot be read, is empty or is not text.
  explicit TextFile(std::string path);

  /// The next line that is not blank, without its terminator; valid until the next call of this or
  /// at_end. Nothing at the end of the file.
  std::optional<std::string_view> next_line();

  /// Whether no byte follows the current line.
  bool at_end();

  const std::string& path() const { return path_; }
  std::int64_t line_number() const { return line_number_; }  ///< of the current line, from 1
  std::int64_t blank_lines() const { return blank_lines_; }
  bool has_byte_order_mark() const { return has_byte_order_mark_; }
  std::int64_t bytes_read() const { return bytes_read_; }
  std::uint64_t fingerprint() const { return fingerprint_; }

  /// "path:line: error: message" for the current line, or "path:line:column: error: message".
  std::string at_line(const std::string& message, std::int32_t column = 0) const;

  /// The same as an InputError: the file cannot be used because of its current line.
  [[noreturn]] void refuse_line(const std::string& message, std::int32_t column = 0) const;

  /// "path: error: message" as an InputError: the file as a whole cannot be used.
  [[noreturn]] void refuse(const std::string& message) const;

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::optional<std::string_view> next_raw_line();
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool fill();
  void consume(std::size_t bytes);
  void read_first_bytes();
  void check_characters(std::string_view line) const;

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of the unread bytes in buffer_
  std::size_t end_ = 0;
  bool exhausted_ = false;  // the operating system has no more bytes
  bool has_byte_order_mark_ = false;
  std::int64_t line_number_ = 0;
  std::int64_t blank_lines_ = 0;
  std::int64_t bytes_read_ = 0;
  std::uint64_t fingerprint_;
};

}  // namespace kvferry::workloads
