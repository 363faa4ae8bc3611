// The order of requests of which some wait for others.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::workloads {

/// Puts requests whose `after` names earlier ones into order of arrival (stable), with ids and
/// sessions numbered anew from 0; no request arrives before the one that it waits for.
/// @returns the number of sessions
std::int64_t order_by_arrival(std::vector<Request>& requests);

/// How many conversations there are, a request without a session being one of its own.
std::int64_t count_starts(const std::vector<Request>& requests);

/// Moves every conversation so that the first one starts at the first of the dates, and so on.
/// There must be count_starts dates, non-decreasing.
void start_sessions(std::vector<Request>& requests, const std::vector<Seconds>& dates);

}  // namespace kvferry::workloads
