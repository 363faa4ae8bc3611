// The same requests several times over, each time by other clients.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::workloads {

struct TraceCopies {
  std::string name;              ///< what they are called; equal names give equal blocks
  std::int64_t count{};          ///< with the original
  Seconds shift{};               ///< between the starts of two copies
  std::int64_t shared_blocks{};  ///< the first blocks of every prompt keep their ids
};

/// Merges the copies in order of arrival. The first one keeps its sessions and block ids.
/// @throws InputError when a parameter is out of range.
void copy_trace(std::vector<Request>& requests, const TraceCopies& copies);

}  // namespace kvferry::workloads
