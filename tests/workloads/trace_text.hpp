// Traces written by a test, and what reading them says.
#pragma once

#include "sim/base/error.hpp"
#include "workloads/trace.hpp"

#include <string>
#include <string_view>

namespace kvferry::workloads {

/// A file of the given content that disappears with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// `text` with every `path` replaced by "FILE".
std::string without_path(std::string text, const std::string& path);

Trace read_text(TraceFormat format, std::string_view content, const TraceOptions& options = {});

/// The complaint about the content, its path replaced by "FILE", or "no error".
std::string trace_error(TraceFormat format, std::string_view content,
                        const TraceOptions& options = {});

/// The complaint of any call, or "no error".
template <typename Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

/// Three requests in each format.
inline constexpr std::string_view kMooncakeText =
    R"({"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 1]}
{"timestamp": 1500, "input_length": 1024, "output_length": 7, "hash_ids": [0, 2]}
{"timestamp": 4000, "input_length": 513, "output_length": 9, "hash_ids": [0, 3]}
)";
inline constexpr std::string_view kAzureText =
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    "2023-11-16 18:15:46.6805900,374,44\r\n"
    "2023-11-16 18:15:50.9951690,396,109\r\n"
    "2023-11-16 18:15:51.2224670,879,55";

}  // namespace kvferry::workloads
