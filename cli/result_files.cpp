#include "cli/result_files.hpp"

#include "analysis/requests_csv.hpp"
#include "cli/provenance.hpp"
#include "scenarios/resolved.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

namespace kvferry::cli {

void write_run(OutputFolder& folder, const std::string& prefix, const PreparedRun& run,
               const FinishedRun& finished) {
  std::ostringstream requests;
  analysis::write_requests_csv(requests, finished.result.records);
  folder.write(prefix + "summary.json", json_text(summary_json(run, finished)));
  folder.write(prefix + "requests.csv", requests.str());
  folder.write(prefix + "scenario.yaml", scenarios::to_yaml(run.scenario.resolved));
}

}  // namespace kvferry::cli
