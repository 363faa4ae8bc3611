// A mapping that says one thing of several, such as a distribution.
#pragma once

#include "scenarios/section_reader.hpp"

#include <string>
#include <vector>

namespace kvferry::scenarios {

/// Which of the keys the section has; all of them count as valid keys. Empty when the section is
/// absent, or after reporting that it does not have exactly one.
std::string exactly_one(SectionReader& section, const std::vector<std::string>& keys);

}  // namespace kvferry::scenarios
