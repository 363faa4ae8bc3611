#include "sim/simulation.hpp"

#include "sim/base/error.hpp"
#include "sim/placement.hpp"
#include "sim/serving_system.hpp"
#include "sim/simgrid/engine.hpp"

#include <algorithm>
#include <string>

namespace kvferry::sim {

namespace {

// Without a horizon every request ends; if not, the engine has lost an event, and no figure can be
// trusted.
void check_complete(const SimulationConfig& config, const SimulationResult& result) {
  if (config.horizon) return;
  const auto unfinished = std::count_if(
      result.records.begin(), result.records.end(),
      [](const RequestRecord& record) { return record.outcome == Outcome::unfinished; });
  if (unfinished > 0) {
    throw RunError("the simulation stopped with " + std::to_string(unfinished) +
                   " requests in the system");
  }
}

}  // namespace

SimulationResult simulate(const SimulationConfig& config,
                          std::span<const workloads::Request> requests,
                          codec::TransferCodec& codec) {
  const Placement placement = place(config.prefill, config.decode, config.network);
  SimGridEngine engine(placement.topology);
  ServingSystem system(config, placement, {engine.loop(), engine.network(), codec}, requests);
  engine.run();
  SimulationResult result = system.take_result();
  result.link_bytes = engine.link_bytes();
  result.totals.live_codec = codec.account();
  check_complete(config, result);
  return result;
}

}  // namespace kvferry::sim
