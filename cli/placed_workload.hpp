// Makes the requests of a workload, so that what is wrong with its parameters is said with the place
// where they stand.
#pragma once

#include "workloads/workload.hpp"

#include <cstdint>
#include <string>

namespace kvferry::cli {

/// @param place "file:line:column" of the workload's section
/// @throws InputError; one about a file that the workload names has that file's place already
workloads::Workload placed_workload(const workloads::WorkloadSpec& spec, std::uint64_t seed,
                                    const std::string& place);

}  // namespace kvferry::cli
