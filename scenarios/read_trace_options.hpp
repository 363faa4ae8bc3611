// The part of a scenario that says how a trace of that format is read and replayed.
#pragma once

#include "scenarios/scalars.hpp"
#include "scenarios/section_reader.hpp"
#include "workloads/trace.hpp"

namespace kvferry::scenarios {

/// The words of workload.trace.format.
const Choice<workloads::TraceFormat>& trace_formats();

/// Keys that mean nothing for the format are unknown keys.
workloads::TraceOptions read_trace_options(SectionReader& trace, workloads::TraceFormat format);

}  // namespace kvferry::scenarios
