// From YAML to a Scenario. The front door of this library.
//
// All faults of a file appear at once, each with file, line, column, key, what was found, what is
// allowed and the nearest valid name. Overrides ("--set key.path=value") go through the same
// checks. A newcomer's first call:
//   Scenario scenario = load_scenario("scenarios/quickstart.yaml", {{"seed=3"}});
#pragma once

#include "scenarios/config_node.hpp"
#include "scenarios/scenario.hpp"

#include <string>
#include <vector>

namespace kvferry::scenarios {

/// Relative paths inside the file are relative to the file; those in overrides to the current
/// folder.
/// @param overrides applied in order  @throws InputError
Scenario load_scenario(const std::string& path, const std::vector<Override>& overrides);

/// The same from text. @param origin the file name that errors and relative paths refer to
Scenario load_scenario_text(const std::string& text, const std::string& origin,
                            const std::vector<Override>& overrides);

/// The text of a scenario file. @throws InputError when it cannot be read
std::string read_scenario_file(const std::string& path);

}  // namespace kvferry::scenarios
