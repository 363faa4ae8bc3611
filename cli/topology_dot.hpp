// A drawing in the language of Graphviz.
#pragma once

#include "cli/topology_drawing.hpp"

#include <string>

namespace kvferry::cli {

/// "400 Gbit/s", to four digits.
std::string rate_text(BytesPerSecond rate);

std::string to_dot(const Drawing& drawing);

}  // namespace kvferry::cli
