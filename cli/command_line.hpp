// What the parts of the command line share.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace kvferry::cli {

/// The command that the arguments name, ready to run.
using Action = std::function<int()>;

struct Globals {
  bool quiet = false;
  Action action;
};

/// For outputs: an empty name is an unset variable, not a wish for no output.
inline std::string refuse_empty_name(const std::string& name) {
  return name.empty() ? "the name is empty" : "";
}

/// `kvferry codec ...`
void add_codec(CLI::App& app, Globals& globals);

/// `kvferry trace ...`
void add_trace(CLI::App& app, Globals& globals);

/// `kvferry topology ...`
void add_topology(CLI::App& app, Globals& globals);

}  // namespace kvferry::cli
