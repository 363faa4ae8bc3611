// The requests of a scenario, or a trace file, without a system that serves them.
#pragma once

#include "scenarios/config_node.hpp"
#include "workloads/workload.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::scenarios {

struct SeededWorkload {
  workloads::WorkloadSpec spec;
  std::string place;  ///< "file:line:column", for faults that show when it is made
  std::uint64_t seed = 1;
};

/// `workload` and `seed` of a scenario file, which needs no other keys; others are not looked at.
/// @param overrides applied in order  @throws InputError
SeededWorkload load_workload(const std::string& path, const std::vector<Override>& overrides);

/// The workload that replays a trace file.
/// @param format as `workload.trace.format`
/// @param overrides keys of `workload.trace`, or `requests` or `seed`  @throws InputError
SeededWorkload trace_workload(const std::string& path, const std::string& format,
                              const std::vector<Override>& overrides);

}  // namespace kvferry::scenarios
