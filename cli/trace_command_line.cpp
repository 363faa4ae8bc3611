#include "cli/command_line.hpp"
#include "cli/trace_commands.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace kvferry::cli {
namespace {

using workloads::kTraceFormatNames;
using workloads::kTraceFormNames;
using workloads::TraceForm;

CLI::App* add_command(CLI::App& trace, const char* name, const char* purpose,
                      const char* examples) {
  CLI::App* command = trace.add_subcommand(name, purpose);
  command->footer(std::string("\nExamples:\n") + examples);
  return command;
}

void add_quiet(CLI::App& command, Globals& globals) {
  command.add_flag("-q,--quiet", globals.quiet, "No messages on stderr but errors");
}

void add_set(CLI::App& command, std::vector<std::string>& set, const char* type_name,
             const char* purpose) {
  command.add_option("--set", set, purpose)
      ->type_name(type_name)
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
}

void add_trace_input(CLI::App& command, TraceInput& input, std::vector<std::string> formats) {
  command.add_option("trace", input.path, "The file to read")->required()->type_name("FILE");
  std::string words;
  for (const std::string& format : formats) words += (words.empty() ? "" : "|") + format;
  command.add_option("--from", input.format, "What the file is")
      ->required()
      ->check(CLI::IsMember(std::move(formats)).description(""))
      ->type_name(words);
  add_set(command, input.set, "key=value",
          "An option of workload.trace, such as block_tokens=16; or requests or seed; may be "
          "repeated");
}

void add_output(CLI::App& command, TraceWriteOptions& options) {
  command
      .add_option_function<std::string>(
          "--to",
          [&options](const std::string& word) {
            const auto* const place = std::ranges::find(kTraceFormNames, word);
            options.form = static_cast<TraceForm>(place - kTraceFormNames.begin());
          },
          "What to write: csv (arrival_s,input_tokens,output_tokens, with sessions and priorities "
          "where there are any) or mooncake (JSON Lines, with block ids)")
      ->required()
      ->check(
          CLI::IsMember(std::vector<std::string>(kTraceFormNames.begin(), kTraceFormNames.end()))
              .description(""))
      ->type_name("csv|mooncake");
  command
      .add_option("-o,--output", options.output,
                  "The file to write; nothing is left of it on errors")
      ->required()
      ->check(refuse_empty_name)
      ->type_name("FILE");
  command.add_flag_callback(
      "--force", [&options] { options.existing = codec::ExistingFile::replace; },
      "Replace the output when it exists");
}

std::vector<std::string> trace_formats() {
  return {kTraceFormatNames.begin(), kTraceFormatNames.end()};
}

void add_stats(CLI::App& trace, Globals& globals) {
  CLI::App* command = add_command(
      trace, "stats",
      "Figures of a trace, or of the requests that a scenario generates: arrivals, lengths,\n"
      "sessions, and what prefix caches would have of the prompts.",
      "  kvferry trace stats conversation_trace.jsonl --from mooncake --lru 10000\n"
      "  kvferry trace stats AzureLLMInferenceTrace_conv.csv --from azure --format json\n"
      "  kvferry trace stats scenarios/quickstart.yaml --from scenario");
  auto options = std::make_shared<TraceStatsOptions>();
  std::vector<std::string> formats = trace_formats();
  formats.emplace_back(kFromScenario);
  add_trace_input(*command, options->input, std::move(formats));
  command
      ->add_option("--lru", options->cache_blocks,
                   "Also for a cache of so many blocks that forgets the least recently used; may "
                   "be repeated")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()).description(""))
      ->type_name("BLOCKS")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  command
      ->add_option_function<std::string>(
          "--format",
          [options](const std::string& word) {
            options->format = word == "json" ? Format::json : Format::table;
          },
          "What to print: table (default) or json")
      ->check(CLI::IsMember({"table", "json"}).description(""))
      ->type_name("table|json");
  add_quiet(*command, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return trace_stats(*options); }; });
}

void add_convert(CLI::App& trace, Globals& globals) {
  CLI::App* command = add_command(
      trace, "convert", "Read a trace and write it in another form, changed as --set says.",
      "  kvferry trace convert AzureLLMInferenceTrace_conv.csv --from azure --to csv -o conv.csv\n"
      "  kvferry trace convert conversation_trace.jsonl --from mooncake --to mooncake \\\n"
      "    --set 'dequantize=3 s' --set thin_to=0.5 -o half.jsonl");
  auto options = std::make_shared<TraceWriteOptions>();
  add_trace_input(*command, options->input, trace_formats());
  add_output(*command, *options);
  add_quiet(*command, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return trace_write(*options); }; });
}

void add_generate(CLI::App& trace, Globals& globals) {
  CLI::App* command = add_command(
      trace, "generate",
      "Write the requests of a scenario as a trace. Of the file only `workload` and `seed` are\n"
      "read, so that it needs no other keys.",
      "  kvferry trace generate scenarios/quickstart.yaml --to csv -o requests.csv\n"
      "  kvferry trace generate chat.yaml --set workload.requests=500 --to mooncake -o chat.jsonl");
  auto options = std::make_shared<TraceWriteOptions>();
  options->input.format = kFromScenario;
  command->add_option("scenario", options->input.path, "Scenario file (YAML)")
      ->required()
      ->type_name("SCENARIO.yaml");
  add_set(*command, options->input.set, "key.path=value",
          "Override a value of the scenario; may be repeated");
  add_output(*command, *options);
  add_quiet(*command, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return trace_write(*options); }; });
}

}  // namespace

void add_trace(CLI::App& app, Globals& globals) {
  CLI::App* trace = app.add_subcommand("trace", "Request traces: figures, conversion, generation");
  trace->require_subcommand(1);
  add_stats(*trace, globals);
  add_convert(*trace, globals);
  add_generate(*trace, globals);
}

}  // namespace kvferry::cli
