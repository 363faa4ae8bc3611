// How closely hand-offs are followed: every chunk as a flow, or a flow per lane.
#pragma once

#include "sim/placement.hpp"
#include "sim/simulation_config.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <span>

namespace kvferry::sim {

/// Flows that the chunks of a run would be: requests x chunks of a lane x lanes of a hand-off, of the
/// pair of engines with the most lanes and a prompt of mean length. 0 where nothing is handed off or a
/// lane is one flow anyway.
std::int64_t expected_chunk_flows(const SimulationConfig& config, const Placement& placement,
                                  std::span<const workloads::Request> requests, bool compresses);

/// The transfer of `config` with chunks or fluid for its fidelity. Automatic is fluid where more than
/// 100,000 chunk flows are expected and the network limits rates.
/// @throws InputError when fluid is asked for, chunks are more than one, and the network cannot
TransferConfig with_fidelity(const SimulationConfig& config, const Placement& placement,
                             std::span<const workloads::Request> requests, bool compresses,
                             bool network_limits_rates);

}  // namespace kvferry::sim
