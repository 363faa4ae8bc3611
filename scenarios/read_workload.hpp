// The part of a scenario that says which requests arrive when.
#pragma once

#include "scenarios/section_reader.hpp"
#include "workloads/workload.hpp"

namespace kvferry::scenarios {

workloads::WorkloadSpec read_workload(SectionReader&& workload);

}  // namespace kvferry::scenarios
