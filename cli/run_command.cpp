#include "cli/commands.hpp"
#include "cli/execution.hpp"
#include "cli/output_folder.hpp"
#include "cli/provenance.hpp"
#include "cli/report_text.hpp"
#include "cli/result_files.hpp"
#include "scenarios/load_scenario.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kvferry::cli {

int run(const RunOptions& options) {
  scenarios::Scenario scenario =
      scenarios::load_scenario(options.scenario, overrides_from(options.set));
  std::optional<OutputFolder> folder;
  if (!options.output_folder.empty()) folder.emplace(options.output_folder, options.existing);

  std::vector<PreparedRun> runs;
  runs.push_back(prepare(std::move(scenario), options.verify));
  log_workload(runs.front().workload);
  std::optional<RequestFiles> request_files;
  if (folder) request_files.emplace(*folder, std::vector<std::string>{""});
  const std::vector<FinishedRun> finished =
      execute(runs, request_files ? request_files->sinks() : std::vector<ResultSink*>{});

  if (folder) {
    request_files->finish();
    write_run(*folder, "", runs.front(), finished.front());
    folder->commit();
  }
  if (options.format == Format::json) {
    fmt::print("{}", json_text(summary_json(runs.front(), finished.front())));
  } else {
    fmt::print(
        "{}",
        report_text({{runs.front().scenario.name, &runs.front(), &finished.front(), nullptr}}));
  }
  return kSuccess;
}

}  // namespace kvferry::cli
