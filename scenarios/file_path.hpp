// Paths inside a scenario.
#pragma once

#include "scenarios/diagnostics.hpp"
#include "scenarios/section_reader.hpp"

#include <string>

namespace kvferry::scenarios {

/// A relative path in a file is relative to that file's folder, one in an override to the current
/// folder.
std::string resolve_path(const std::string& path, const Place& place);

/// The resolved path under `key`, which is required; a file that is not there is reported.
std::string read_file_path(SectionReader& section, const std::string& key);

}  // namespace kvferry::scenarios
