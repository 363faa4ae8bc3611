// Paths inside a scenario.
#pragma once

#include "scenarios/diagnostics.hpp"

#include <string>

namespace kvferry::scenarios {

/// A relative path in a file is relative to that file's folder, one in an override to the current
/// folder.
std::string resolve_path(const std::string& path, const Place& place);

}  // namespace kvferry::scenarios
