// A regular file that is read in pieces at given offsets, never as a whole: files may be larger
// than the memory, and may shrink while they are read. Or bytes in memory, read the same way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::codec {

class InputFile {
 public:
  /// @throws InputError when there is no such file, it may not be read, or it is not a regular file
  explicit InputFile(std::string path);
  /// Bytes in memory under the name `path`; they must outlive this.
  InputFile(std::string path, std::span<const std::byte> bytes);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  const std::string& path() const { return path_; }
  /// Bytes when it was opened.
  std::uint64_t size() const { return size_; }

  /// Fills `bytes` with what lies at `offset`; may be called by several threads at once.
  /// @throws InputError when the file ends before, std::system_error when the machine fails
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;

  /// The same into a block of its own. @pre offset + count <= size(), so that no more is allocated
  /// than there is to read
  std::vector<std::byte> read(std::uint64_t offset, std::uint64_t count) const;

  /// "path: error: message" as an InputError.
  [[noreturn]] void refuse(const std::string& message) const;

 private:
  std::string path_;
  int descriptor_ = -1;  ///< -1: `memory_` instead
  std::span<const std::byte> memory_;
  std::uint64_t size_ = 0;
};

/// The bytes as characters, for parsers of text.
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace kvferry::codec
