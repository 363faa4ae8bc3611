#include "tests/workloads/trace_text.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace kvferry::workloads {

TemporaryFile::TemporaryFile(std::string_view content)
    : path_((std::filesystem::temp_directory_path() / "kvferry_trace_XXXXXX").string()) {
  const int descriptor = mkstemp(path_.data());
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), path_);
  close(descriptor);
  std::ofstream file(path_, std::ios::binary);
  file << content;
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::string without_path(std::string text, const std::string& path) {
  for (auto at = text.find(path); at != std::string::npos; at = text.find(path, at)) {
    text.replace(at, path.size(), "FILE");
  }
  return text;
}

Trace read_text(TraceFormat format, std::string_view content, const TraceOptions& options) {
  const TemporaryFile file(content);
  return read_trace(file.path(), format, options);
}

std::string trace_error(TraceFormat format, std::string_view content, const TraceOptions& options) {
  const TemporaryFile file(content);
  return without_path(error_of([&] { read_trace(file.path(), format, options); }), file.path());
}

}  // namespace kvferry::workloads
