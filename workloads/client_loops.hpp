// Clients who wait for their answers: which request follows which.
#pragma once

#include "workloads/arrivals.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::workloads {

/// Whether clients of these arrivals wait for their answers.
bool has_waiting_users(const ArrivalSpec& spec);

/// Requests in order of arrival go to the users in turn: request i is one of user i mod users, whose
/// session it joins, and waits for request i - users. Think times are from the random stream "think
/// times". No effect on other arrivals.
void tie_to_users(std::vector<Request>& requests, const ArrivalSpec& spec, std::uint64_t seed);

}  // namespace kvferry::workloads
