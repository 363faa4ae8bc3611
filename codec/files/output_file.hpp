// A file that appears whole or not at all: written beside its place without a name where the file
// system can do that, so that even a killed process leaves nothing, else under a temporary name; it
// gets its own name when complete. A file that it replaces keeps its permissions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace kvferry::codec {

enum class ExistingFile : std::uint8_t { refuse, replace };

/// @throws InputError when both paths lead to one file, by whatever names or links
void refuse_same_file(const std::string& input, const std::string& output);

class OutputFile {
 public:
  /// Checks only, so that hours of work do not end in a refusal. @throws InputError when `path`
  /// exists and may not be replaced, is no regular file or a link to nothing, or its folder cannot
  /// be written
  OutputFile(const std::string& path, ExistingFile existing);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Removes the temporary file unless it was committed.
  ~OutputFile();

  /// Appends. @throws RunError when not all of it can be written
  void write(std::span<const std::byte> bytes);

  /// Bytes appended so far.
  std::uint64_t size() const { return size_; }

  /// Puts the file, possibly an empty one, in its place. @throws RunError
  void commit();

 private:
  void open_temporary();
  void appear();
  bool takes_free_name() const;
  void replace();
  bool link_unnamed(const std::filesystem::path& name) const;
  [[noreturn]] void fail(const std::string& what, int error) const;

  std::filesystem::path target_;  ///< behind symbolic links, so that these stay
  ExistingFile existing_;
  std::filesystem::path temporary_;  ///< empty while there is no such name
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace kvferry::codec
