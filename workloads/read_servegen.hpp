// Requests of a folder of ServeGen clients.
#pragma once

#include "workloads/trace.hpp"

#include <cstdint>

namespace kvferry::workloads {

/// Reads the clients of the folder `trace.path` and draws the requests of their superposition into
/// the trace, whose rows are the requests drawn.
/// @throws InputError
void read_servegen(const TraceOptions& options, std::uint64_t seed, Trace& trace);

}  // namespace kvferry::workloads
