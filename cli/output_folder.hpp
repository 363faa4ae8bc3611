// The folder that a command leaves behind: written under a temporary name beside its place and
// renamed when complete, so that it exists whole or not at all.
#pragma once

#include "cli/commands.hpp"

#include <filesystem>
#include <string>

namespace kvferry::cli {

class OutputFolder {
 public:
  /// Creates the temporary folder. @throws InputError when `path` holds something and may not be
  /// replaced, or cannot be written
  OutputFolder(const std::string& path, ExistingFolder existing);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  /// Removes the temporary folder unless it was committed.
  ~OutputFolder();

  /// @throws RunError when the file cannot be written completely
  void write(const std::string& name, const std::string& text);

  /// Puts the folder in its place.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

}  // namespace kvferry::cli
