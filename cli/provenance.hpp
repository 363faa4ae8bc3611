// Where a run's figures come from: part of every output.
#pragma once

#include "cli/execution.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace kvferry::cli {

/// One line: what, how it was obtained, from where.
struct ProvenanceLine {
  std::string what;
  std::string kind;
  std::string source;
};

std::vector<ProvenanceLine> provenance_of(const PreparedRun& run);

/// {codec_time, codec_size, execution_time, transfer_engine, trace}, each with kind and source; the
/// trace with its account.
nlohmann::ordered_json provenance_json(const PreparedRun& run);

/// The summary with provenance, resolved scenario, version and seed: summary.json.
nlohmann::ordered_json summary_json(const PreparedRun& run, const FinishedRun& finished);

/// As every file and --format json has it. Bytes that are not UTF-8, of file names for example,
/// become U+FFFD.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace kvferry::cli
