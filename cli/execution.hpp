// From a scenario to a finished run: reads or generates the requests, builds the codec, simulates,
// summarises.
#pragma once

#include "analysis/request_columns.hpp"
#include "analysis/run_summary.hpp"
#include "cli/commands.hpp"
#include "codec/transfer_codec.hpp"
#include "scenarios/config_node.hpp"
#include "scenarios/scenario.hpp"
#include "sim/base/result_sink.hpp"
#include "workloads/workload.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace kvferry::cli {

/// "--set" overrides from the command line.
std::vector<scenarios::Override> overrides_from(const std::vector<std::string>& set);

/// A scenario with everything it needs to run.
struct PreparedRun {
  scenarios::Scenario scenario;
  workloads::Workload workload;
  std::unique_ptr<codec::TransferCodec> codec;
  bool uses_device = false;  ///< while it runs, nothing else may, or the times would suffer
};

/// The requests of a scenario. @throws InputError also when its KV caches cannot share the blocks
/// that these name
workloads::Workload requests_of(const scenarios::Scenario& scenario);

/// @throws InputError, RunError
PreparedRun prepare(scenarios::Scenario scenario, Verify verify);

/// Says where the requests come from, and what was dropped or looks odd.
void log_workload(const workloads::Workload& workload);

struct FinishedRun {
  analysis::RequestColumns requests;
  analysis::RunSummary summary;
};

/// Runs all of them, as many at once as there are cores, or one at a time where one of them measures
/// on a device; the results are in the order of `runs`. @param also what else gets the results of
/// each run while it goes on: none, or one per run  @param at_once at least 1
std::vector<FinishedRun> execute(const std::vector<PreparedRun>& runs,
                                 const std::vector<ResultSink*>& also = {});
std::vector<FinishedRun> execute(const std::vector<PreparedRun>& runs,
                                 const std::vector<ResultSink*>& also, std::size_t at_once);

}  // namespace kvferry::cli
