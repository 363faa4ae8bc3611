// kvferry codec ratios, kvferry codec presets: the tables of codec/README.md, as Markdown.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace kvferry::cli {

/// Adds both commands to the group `codec`. When one of them is named on the command line, `action`
/// becomes what runs it.
void add_codec_ratios_commands(CLI::App& codec, std::function<int()>& action);

}  // namespace kvferry::cli
