#include "sim/simulation.hpp"

#include "sim/placement.hpp"
#include "sim/serving_system.hpp"
#include "sim/simgrid/engine.hpp"

namespace kvferry::sim {

SimulationResult simulate(const SimulationConfig& config,
                          std::span<const workloads::Request> requests,
                          codec::TransferCodec& codec) {
  const Placement placement = place(config.prefill, config.decode, config.network);
  SimGridEngine engine(placement.topology);
  ServingSystem system(config, placement, engine.loop(), engine.network(), codec, requests);
  engine.run();
  SimulationResult result = system.take_result();
  result.link_bytes = engine.link_bytes();
  return result;
}

}  // namespace kvferry::sim
