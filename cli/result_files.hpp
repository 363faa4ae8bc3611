// The files that a run leaves in an output folder.
#pragma once

#include "analysis/requests_csv.hpp"
#include "cli/execution.hpp"
#include "cli/output_folder.hpp"

#include <deque>
#include <string>
#include <vector>

namespace kvferry::cli {

/// requests.csv of several runs, written while they run.
class RequestFiles {
 public:
  /// @param folder must outlive this @param prefixes of the runs: "" or "none/"
  RequestFiles(OutputFolder& folder, const std::vector<std::string>& prefixes);

  /// One per run.
  std::vector<ResultSink*> sinks();

  /// Once all runs have succeeded.
  void finish();

 private:
  std::deque<analysis::RequestsCsv> files_;
};

/// summary.json and scenario.yaml (resolved) under `prefix`.
void write_run(OutputFolder& folder, const std::string& prefix, const PreparedRun& run,
               const FinishedRun& finished);

}  // namespace kvferry::cli
