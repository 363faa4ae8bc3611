// The files that a run leaves in an output folder.
#pragma once

#include "cli/execution.hpp"
#include "cli/output_folder.hpp"

#include <string>

namespace kvferry::cli {

/// summary.json, requests.csv and scenario.yaml (resolved) under `prefix` ("" or "none/").
void write_run(OutputFolder& folder, const std::string& prefix, const PreparedRun& run,
               const FinishedRun& finished);

}  // namespace kvferry::cli
