// What a person is told whose arguments make no sense.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace kvferry::cli {

/// What is wrong, the nearest valid name, and which --help to read: two lines.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error,
                          const std::vector<std::string>& arguments);

}  // namespace kvferry::cli
