#include "workloads/folder_files.hpp"

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace kvferry::workloads {

std::vector<std::string> folder_files(const std::string& path, std::string_view ending) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().string();
    if (name.ends_with(ending)) files.push_back(std::move(name));
  }
  if (error) throw InputError(path + ": error: the folder cannot be read: " + error.message());
  if (files.empty()) {
    throw InputError(path + ": error: the folder has no file named *" + std::string(ending));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string whole_text(TextFile& file) {
  std::string text;
  while (const auto line = file.next_line()) {
    text += *line;
    text += '\n';
    if (text.size() > TextFile::kLongestLineBytes) {
      file.refuse("the document is longer than 64 MiB");
    }
  }
  return text;
}

std::uint64_t combined_fingerprint(std::uint64_t before, std::uint64_t file) {
  return before == 0 ? file : mix64(before ^ mix64(file));
}

}  // namespace kvferry::workloads
