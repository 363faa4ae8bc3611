#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/usage_message.hpp"
#include "sim/base/error.hpp"
#include "sim/base/nearest_name.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace kvferry::cli {
namespace {

void set_up_logging() {
  auto logger = spdlog::stderr_color_mt("kvferry");
  logger->set_pattern("kvferry: %^%l%$: %v");
  spdlog::set_default_logger(std::move(logger));
}

void add_scenario_options(CLI::App& command, std::string& scenario, std::vector<std::string>& set,
                          Globals& globals) {
  command.add_option("scenario", scenario, "Scenario file (YAML)")
      ->required()
      ->type_name("SCENARIO.yaml");
  command.add_option("--set", set, "Override a value of the scenario; may be repeated")
      ->type_name("key.path=value")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);  // a scenario behind it is the scenario
  command.add_flag("-q,--quiet", globals.quiet, "No messages on stderr but errors");
}

void add_format_option(CLI::App& command, Format& format) {
  command
      .add_option_function<std::string>(
          "--format",
          [&format](const std::string& word) {
            format = word == "json" ? Format::json : Format::table;
          },
          "What to print: table (default) or json")
      ->check(CLI::IsMember({"table", "json"}).description(""))
      ->type_name("table|json");
}

void add_run_options(CLI::App& command, RunOptions& options, Globals& globals) {
  add_scenario_options(command, options.scenario, options.set, globals);
  command
      .add_option("-o,--output", options.output_folder, "Write all results into this new folder")
      ->check(refuse_empty_name)
      ->type_name("DIR");
  command.add_flag_callback(
      "--force", [&options] { options.existing = ExistingFolder::replace; },
      "Replace the results of an earlier run");
  command.add_flag_callback(
      "--verify", [&options] { options.verify = Verify::all; },
      "Compare every live hand-off bit by bit, not only the first 16 (codec.timing: live)");
  add_format_option(command, options.format);
}

void add_run(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand("run", "Simulate a scenario");
  auto options = std::make_shared<RunOptions>();
  add_run_options(*command, *options, globals);
  command->callback([options, &globals] { globals.action = [options] { return run(*options); }; });
}

void add_compare(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "compare", "Simulate variants on the same requests, with speed-ups over the first");
  auto options = std::make_shared<CompareOptions>();
  add_run_options(*command, options->run, globals);
  command->add_option("--vary", options->vary, "The key to vary and its values")
      ->required()
      ->type_name("key.path=a,b,...");
  command->callback(
      [options, &globals] { globals.action = [options] { return compare(*options); }; });
}

void add_validate(CLI::App& app, Globals& globals) {
  CLI::App* command =
      app.add_subcommand("validate", "Check a scenario and its trace without running it");
  auto options = std::make_shared<ValidateOptions>();
  add_scenario_options(*command, options->scenario, options->set, globals);
  command->add_flag("--resolved", options->resolved,
                    "Print the scenario with all defaults filled in");
  command->callback(
      [options, &globals] { globals.action = [options] { return validate(*options); }; });
}

void add_list(CLI::App& app, Globals& globals) {
  CLI::App* command =
      app.add_subcommand("list", "Show what the catalog holds: " + join_names(listable()));
  auto what = std::make_shared<std::string>();
  command->add_option("what", *what, join_names(listable()));
  command->callback([what, &globals] { globals.action = [what] { return list(*what); }; });
}

void add_calibrate(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "calibrate", "Fit the serving stack's coefficients to measured iterations");
  auto options = std::make_shared<CalibrateOptions>();
  command->add_option("timings", options->timings, "Table of measurements (CSV)")
      ->required()
      ->type_name("TIMINGS.csv");
  command->add_option("-o,--output", options->output, "Write the stack for scenarios to use")
      ->check(refuse_empty_name)
      ->type_name("STACK.yaml");
  command->add_flag_callback(
      "--force", [options] { options->existing = ExistingFolder::replace; },
      "Replace the output when it exists");
  command->callback(
      [options, &globals] { globals.action = [options] { return calibrate(*options); }; });
}

void add_accuracy(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "accuracy", "Replay measured serving systems and report how far the model is off");
  auto options = std::make_shared<AccuracyOptions>();
  command->add_option("measurements", options->measurements, "Table of measurements (CSV)")
      ->required()
      ->type_name("MEASUREMENTS.csv");
  command->add_option("--gpu", options->gpu, "Only rows of this GPU (kvferry list gpus)")
      ->type_name("NAME");
  command->add_option("--model", options->model, "Only rows of this model (kvferry list models)")
      ->type_name("NAME");
  command->add_option("-j", options->at_once, "Simulations side by side (default: one per core)")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  command->add_option("-o,--output", options->output_folder, "Write every row into this new folder")
      ->check(refuse_empty_name)
      ->type_name("DIR");
  command->add_flag_callback(
      "--force", [options] { options->existing = ExistingFolder::replace; },
      "Replace the results of an earlier run");
  add_format_option(*command, options->format);
  command->callback(
      [options, &globals] { globals.action = [options] { return accuracy(*options); }; });
}

int report_usage(const CLI::App& app, const CLI::ParseError& error,
                 const std::vector<std::string>& arguments) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  fmt::print(stderr, "{}", usage_message(app, error, arguments));
  return kWrongInput;
}

int perform(const Globals& globals) {
  try {
    return globals.action();
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kWrongInput;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "kvferry: error: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "kvferry: error: {}\n", error.what());
  }
  return kRunFailed;
}

// As users of other tools write it: "kvferry help run" is "kvferry run --help".
std::vector<std::string> arguments_of(int count, char** values) {
  std::vector<std::string> arguments(values + 1, values + count);
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  return arguments;
}

int main_with(const std::vector<std::string>& arguments) {
  set_up_logging();
  CLI::App app{"Simulates disaggregated LLM serving with a real KV-cache codec in the loop.",
               "kvferry"};
  app.set_version_flag("--version", std::string("kvferry ") + KVFERRY_VERSION);
  app.require_subcommand(1);
  Globals globals;
  app.add_flag("-q,--quiet", globals.quiet, "No messages on stderr but errors");
  add_run(app, globals);
  add_compare(app, globals);
  add_validate(app, globals);
  add_calibrate(app, globals);
  add_accuracy(app, globals);
  add_list(app, globals);
  add_codec(app, globals);
  add_trace(app, globals);
  add_topology(app, globals);
  try {
    app.parse(std::vector(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error, arguments);
  }
  if (globals.quiet) spdlog::set_level(spdlog::level::err);
  const int status = perform(globals);
  const bool printed = std::fflush(stdout) == 0;
  if (!printed) fmt::print(stderr, "kvferry: error: cannot write to standard output\n");
  return printed ? status : kRunFailed;
}

}  // namespace
}  // namespace kvferry::cli

int main(int count, char** values) {
  return kvferry::cli::main_with(kvferry::cli::arguments_of(count, values));
}
