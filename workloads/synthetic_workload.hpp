// Generating a workload. Internal to workload.cpp.
#pragma once

#include "workloads/workload.hpp"

#include <cstdint>

namespace kvferry::workloads {

/// @throws InputError when the specification or the table that it names cannot be used.
Workload synthetic_workload(const SyntheticSpec& spec, std::uint64_t seed);

}  // namespace kvferry::workloads
