// The commands of `kvferry trace`: figures of traces, and traces as files.
#pragma once

#include "cli/commands.hpp"
#include "codec/files/output_file.hpp"
#include "workloads/trace_writer.hpp"
#include "workloads/workload.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::cli {

/// What `--from` takes besides the formats of traces.
inline constexpr const char* kFromScenario = "scenario";

/// Requests read from a trace or generated from a scenario.
struct TraceInput {
  std::string path;
  std::string format;            ///< one of workloads::kTraceFormatNames, or kFromScenario
  std::vector<std::string> set;  ///< keys of workload.trace, or of the scenario
};

struct TraceStatsOptions {
  TraceInput input;
  std::vector<std::int64_t> cache_blocks;
  Format format = Format::table;
};

struct TraceWriteOptions {
  TraceInput input;
  workloads::TraceForm form = workloads::TraceForm::csv;
  std::string output;
  codec::ExistingFile existing = codec::ExistingFile::refuse;
};

/// @throws InputError when it cannot be read or generated
workloads::Workload workload_of(const TraceInput& input);

int trace_stats(const TraceStatsOptions& options);
/// `convert` and `generate`.
int trace_write(const TraceWriteOptions& options);

}  // namespace kvferry::cli
