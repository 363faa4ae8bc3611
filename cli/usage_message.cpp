#include "cli/usage_message.hpp"

#include "sim/base/nearest_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kvferry::cli {
namespace {

/// How far the arguments lead through commands and their commands.
struct Addressed {
  const CLI::App* command;
  std::string path;          ///< "kvferry codec encode"
  std::string unknown_word;  ///< where a command was expected; empty: none
};

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  const std::vector<const CLI::App*> commands = app.get_subcommands({});
  const auto found = std::ranges::find(commands, name, &CLI::App::get_name);
  return found == commands.end() ? nullptr : *found;
}

Addressed addressed_by(const std::vector<std::string>& arguments, const CLI::App& app) {
  Addressed addressed{&app, app.get_name(), {}};
  for (const std::string& word : arguments) {
    if (word.starts_with('-')) continue;
    if (addressed.command->get_subcommands({}).empty()) break;
    const CLI::App* next = find_command(*addressed.command, word);
    if (next == nullptr) {
      addressed.unknown_word = word;
      break;
    }
    addressed.command = next;
    addressed.path += " " + word;
  }
  return addressed;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string unknown_option(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& known) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;  // no options behind it
    const std::string name = argument.substr(0, argument.find('='));
    if (name.starts_with("--") && std::ranges::find(known, name) == known.end()) return name;
  }
  return {};
}

// CLI11 says "The following argument was not expected: rnu"; a person wants to know what was meant.
std::string fault(const Addressed& addressed, const CLI::ParseError& error,
                  const std::vector<std::string>& arguments) {
  const std::vector<std::string> commands = commands_of(*addressed.command);
  if (!addressed.unknown_word.empty()) {
    return "unknown command '" + addressed.unknown_word + "'" +
           did_you_mean(addressed.unknown_word, commands) + "; commands: " + join_names(commands);
  }
  const std::vector<std::string> options = options_of(*addressed.command);
  const std::string unknown = unknown_option(arguments, options);
  if (!unknown.empty()) {
    return "unknown option '" + unknown + "'" + did_you_mean(unknown, options) +
           "; options: " + join_names(options);
  }
  if (!commands.empty()) return "a command is missing; commands: " + join_names(commands);
  return error.what();
}

}  // namespace

std::string usage_message(const CLI::App& app, const CLI::ParseError& error,
                          const std::vector<std::string>& arguments) {
  const Addressed addressed = addressed_by(arguments, app);
  return fmt::format("kvferry: error: {}\nTry '{} --help'.\n", fault(addressed, error, arguments),
                     addressed.path);
}

}  // namespace kvferry::cli
