// Arrivals with independent gaps. Internal to arrivals.cpp, which checks the parameters.
#pragma once

#include "workloads/arrivals.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvferry::workloads {

std::vector<Seconds> renewal_arrivals(const RenewalArrivals& spec, std::size_t count,
                                      std::uint64_t seed);

}  // namespace kvferry::workloads
