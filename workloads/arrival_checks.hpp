// Which parameters arrivals may have.
#pragma once

#include "workloads/arrivals.hpp"

#include <cstdint>

namespace kvferry::workloads {

/// @throws InputError when a parameter is out of range.
void check_arrivals(const ArrivalSpec& spec, std::int64_t count);

}  // namespace kvferry::workloads
