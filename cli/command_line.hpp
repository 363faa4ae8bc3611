// What the parts of the command line share.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace kvferry::cli {

/// The command that the arguments name, ready to run.
using Action = std::function<int()>;

struct Globals {
  bool quiet = false;
  Action action;
};

/// `kvferry codec ...`
void add_codec(CLI::App& app, Globals& globals);

}  // namespace kvferry::cli
