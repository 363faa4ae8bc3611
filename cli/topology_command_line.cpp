#include "cli/command_line.hpp"
#include "cli/topology_command.hpp"

#include <memory>
#include <string>

namespace kvferry::cli {
namespace {

void add_form(CLI::App& command, TopologyShowOptions& options) {
  using Form = TopologyShowOptions::Form;
  command
      .add_option_function<std::string>(
          "--format",
          [&options](const std::string& word) {
            options.form = word == "table" ? Form::table : Form::dot;
          },
          "dot (default): a picture for Graphviz; table: every link in a row")
      ->check(CLI::IsMember({"dot", "table"}).description(""))
      ->type_name("dot|table");
}

void add_show(CLI::App& topology, Globals& globals) {
  CLI::App* command = topology.add_subcommand("show", "Draw the network of a scenario");
  command->footer(
      "\nExamples:\n  kvferry topology show scenario.yaml | dot -Tsvg -o network.svg\n"
      "  kvferry topology show scenario.yaml --result DIR --format table");
  auto options = std::make_shared<TopologyShowOptions>();
  command->add_option("scenario", options->scenario, "Scenario file (YAML)")
      ->required()
      ->type_name("SCENARIO.yaml");
  command->add_option("--set", options->set, "Override a value of the scenario; may be repeated")
      ->type_name("key.path=value")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command
      ->add_option("--result", options->result_folder,
                   "Show how busy the links were in the run that left this folder (run -o DIR)")
      ->check(refuse_empty_name)
      ->type_name("DIR");
  add_form(*command, *options);
  command->add_flag_callback(
      "--all", [options] { options->detail = TopologyShowOptions::Detail::all; },
      "Draw a large network whole, too");
  command->add_option("-o,--output", options->output, "Write into this new file")
      ->check(refuse_empty_name)
      ->type_name("FILE");
  command->add_flag_callback(
      "--force", [options] { options->existing = ExistingFolder::replace; },
      "Replace the output when it exists");
  command->add_flag("-q,--quiet", globals.quiet, "No messages on stderr but errors");
  command->callback(
      [options, &globals] { globals.action = [options] { return topology_show(*options); }; });
}

}  // namespace

void add_topology(CLI::App& app, Globals& globals) {
  CLI::App* topology = app.add_subcommand("topology", "Look at the network of a scenario");
  topology->require_subcommand(1);
  add_show(*topology, globals);
}

}  // namespace kvferry::cli
