// The folder that a command leaves behind: written under a temporary name beside its place and
// renamed when complete, so that it exists whole or not at all. Ctrl-C waits until it has been removed
// or renamed.
#pragma once

#include "cli/commands.hpp"
#include "cli/interruption.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kvferry::cli {

class OutputFolder {
 public:
  /// Checks only, so that a long run does not end in a refusal. Only results of an earlier run are
  /// ever replaced. @throws InputError when `path` holds something and may not be replaced, or
  /// cannot be written
  OutputFolder(const std::string& path, ExistingFolder existing);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  /// Removes the temporary folder unless it was committed.
  ~OutputFolder();

  /// @throws RunError when the file cannot be written completely
  void write(const std::string& name, const std::string& text);

  /// Adds to a file that grows while a command runs. @throws RunError as soon as it cannot
  void append(const std::string& name, std::string_view text);

  /// Puts the folder in its place; what it replaces stays when that fails. @throws RunError
  void commit();

 private:
  std::filesystem::path place_for(const std::string& name);
  void close_growing_files();
  void move_into_place();
  void replace();

  std::filesystem::path target_;  ///< absolute, without links
  ExistingFolder existing_;
  std::filesystem::path temporary_;                      ///< empty until the first write
  std::optional<InterruptionNoted> interruption_noted_;  ///< while the temporary folder exists
  std::map<std::string, std::ofstream> growing_;
};

}  // namespace kvferry::cli
