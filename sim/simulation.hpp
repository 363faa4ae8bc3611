// One run of a disaggregated serving system: requests in, records out as requests end. The front
// door of this library.
//
// It is not a workload (workloads/), not a codec (codec/), and it judges nothing (analysis/).
// A newcomer's first call:
//   SimulationResult result = simulate_isolated(config, requests, *codec);
//   (isolated_simulation.hpp), or with a ResultSink for runs too long to keep.
#pragma once

#include "codec/transfer_codec.hpp"
#include "sim/base/result.hpp"
#include "sim/base/result_sink.hpp"
#include "sim/simulation_config.hpp"
#include "workloads/request.hpp"

#include <span>

namespace kvferry::sim {

/// Runs in this process, at most once per process: SimGrid allows one engine.
/// @param requests in arrival order
SimulationSums simulate(const SimulationConfig& config,
                        std::span<const workloads::Request> requests, codec::TransferCodec& codec,
                        ResultSink& sink);

/// The same, collected.
SimulationResult simulate(const SimulationConfig& config,
                          std::span<const workloads::Request> requests,
                          codec::TransferCodec& codec);

}  // namespace kvferry::sim
