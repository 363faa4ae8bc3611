// Arrivals whose rate changes. Internal to arrivals.cpp, which checks the parameters.
#pragma once

#include "workloads/arrivals.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvferry::workloads {

/// Each starts its clock at 0 and lets the first request wait for its own gap.
std::vector<Seconds> varying_arrivals(const BurstArrivals& spec, std::size_t count,
                                      std::uint64_t seed);
std::vector<Seconds> varying_arrivals(const MmppArrivals& spec, std::size_t count,
                                      std::uint64_t seed);
std::vector<Seconds> varying_arrivals(const PiecewiseArrivals& spec, std::size_t count,
                                      std::uint64_t seed);
std::vector<Seconds> varying_arrivals(const DiurnalArrivals& spec, std::size_t count,
                                      std::uint64_t seed);
std::vector<Seconds> varying_arrivals(const RampArrivals& spec, std::size_t count,
                                      std::uint64_t seed);

}  // namespace kvferry::workloads
