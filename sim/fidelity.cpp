#include "sim/fidelity.hpp"

#include "sim/base/error.hpp"
#include "sim/handoff_plan.hpp"

#include <algorithm>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr std::int64_t kManyFlows = 100'000;

std::int32_t most_lanes(const SimulationConfig& config, const Placement& placement) {
  const std::vector<EngineKind> engines = engines_of(config);
  std::int32_t lanes = 0;
  for (std::size_t from = 0; from < engines.size(); ++from) {
    if (engines[from].role != EngineRole::prefill) continue;
    for (std::size_t to = 0; to < engines.size(); ++to) {
      if (engines[to].role == EngineRole::prefill) continue;
      lanes = std::max(
          lanes, transfer_lanes(config.model, placement.engines[from], placement.engines[to]));
    }
  }
  return lanes;
}

std::int64_t mean_prompt(std::span<const workloads::Request> requests) {
  std::int64_t tokens = 0;
  for (const workloads::Request& request : requests) tokens += request.input_tokens;
  return std::max<std::int64_t>(1, tokens / static_cast<std::int64_t>(requests.size()));
}

}  // namespace

std::int64_t expected_chunk_flows(const SimulationConfig& config, const Placement& placement,
                                  std::span<const workloads::Request> requests, bool compresses) {
  const TransferConfig& transfer = config.transfer;
  const bool in_chunks = transfer.overlap == Overlap::layerwise ||
                         (transfer.overlap == Overlap::pipelined && compresses);
  const std::int32_t lanes = most_lanes(config, placement);
  if (!in_chunks || lanes == 0 || requests.empty()) return 0;
  const std::int32_t all = config.model.layers;
  const std::int32_t layers = transfer.chunk_bytes
                                  ? layers_of(*transfer.chunk_bytes, mean_prompt(requests),
                                              static_cast<std::size_t>(lanes), config.model)
                                  : std::min(transfer.layers_per_chunk, all);
  const std::int64_t chunks = (all + layers - 1) / layers;
  return chunks == 1 ? 0 : static_cast<std::int64_t>(requests.size()) * chunks * lanes;
}

TransferConfig with_fidelity(const SimulationConfig& config, const Placement& placement,
                             std::span<const workloads::Request> requests, bool compresses,
                             bool network_limits_rates) {
  TransferConfig transfer = config.transfer;
  const std::int64_t flows = expected_chunk_flows(config, placement, requests, compresses);
  if (transfer.fidelity == Fidelity::fluid && flows > 0 && !network_limits_rates) {
    throw InputError(
        "transfer.fidelity: fluid keeps flows from overtaking the encoder by limiting their rates, "
        "which this network back-end cannot; take chunks, or the direct back-end");
  }
  if (transfer.fidelity == Fidelity::automatic) {
    transfer.fidelity =
        flows > kManyFlows && network_limits_rates ? Fidelity::fluid : Fidelity::chunks;
  }
  return transfer;
}

}  // namespace kvferry::sim
