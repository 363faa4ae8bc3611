#include "cli/result_files.hpp"

#include "cli/provenance.hpp"
#include "scenarios/resolved.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace kvferry::cli {

RequestFiles::RequestFiles(OutputFolder& folder, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    files_.emplace_back([&folder, name = prefix + "requests.csv"](std::string_view block) {
      folder.append(name, block);
    });
  }
}

std::vector<ResultSink*> RequestFiles::sinks() {
  std::vector<ResultSink*> sinks;
  for (analysis::RequestsCsv& file : files_) sinks.push_back(&file);
  return sinks;
}

void RequestFiles::finish() {
  for (analysis::RequestsCsv& file : files_) file.finish();
}

void write_run(OutputFolder& folder, const std::string& prefix, const PreparedRun& run,
               const FinishedRun& finished) {
  folder.write(prefix + "summary.json", json_text(summary_json(run, finished)));
  folder.write(prefix + "scenario.yaml", scenarios::to_yaml(run.scenario.resolved));
}

}  // namespace kvferry::cli
