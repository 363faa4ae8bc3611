// One run of a disaggregated serving system: requests in, records out. The front door of this
// library.
//
// It is not a workload (workloads/), not a codec (codec/), and it judges nothing (analysis/).
// A newcomer's first call:
//   SimulationResult result = simulate_isolated(config, requests, *codec);
//   (isolated_simulation.hpp)
#pragma once

#include "codec/transfer_codec.hpp"
#include "sim/base/result.hpp"
#include "sim/simulation_config.hpp"
#include "workloads/request.hpp"

#include <span>

namespace kvferry::sim {

/// Runs in this process, at most once per process: SimGrid allows one engine.
/// @param requests in arrival order
SimulationResult simulate(const SimulationConfig& config,
                          std::span<const workloads::Request> requests,
                          codec::TransferCodec& codec);

}  // namespace kvferry::sim
