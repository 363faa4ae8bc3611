// Reads conversations of coding agents: one JSON document, or a folder of them.
#pragma once

#include "workloads/trace.hpp"

namespace kvferry::workloads {

/// Reads `trace.path` into the trace. Documents are taken in the order of their names; a document
/// at fault counts with all of its requests. Conversations all start at 0.
/// @throws InputError
void read_weka(const TraceOptions& options, Trace& trace);

}  // namespace kvferry::workloads
