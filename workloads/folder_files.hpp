// Traces that are folders of files.
#pragma once

#include "workloads/text_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

/// The files of a folder whose names end so, in the order of their names; or the path itself when
/// it is not a folder. @throws InputError when a folder has no such file or cannot be read.
std::vector<std::string> folder_files(const std::string& path, std::string_view ending);

/// All lines that are left of a file, of at most 64 MiB together.
std::string whole_text(TextFile& file);

/// That of one file is the file's own (`before` = 0); that of several depends on their order.
std::uint64_t combined_fingerprint(std::uint64_t before, std::uint64_t file);

}  // namespace kvferry::workloads
