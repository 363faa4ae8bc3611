#include "sim/simulation_config.hpp"

namespace kvferry::sim {
namespace {

void add_engines(std::vector<EngineKind>& engines, EngineRole role, const PoolConfig& pool) {
  for (std::int32_t i = 0; i < pool.instances; ++i) engines.push_back({role, &pool});
  for (const PoolConfig& kind : pool.more) add_engines(engines, role, kind);
}

}  // namespace

std::vector<EngineKind> engines_of(const SimulationConfig& config) {
  const bool colocated = config.mode == Mode::colocated;
  std::vector<EngineKind> engines;
  add_engines(engines, colocated ? EngineRole::mixed : EngineRole::prefill, config.prefill);
  add_engines(engines, colocated ? EngineRole::mixed : EngineRole::decode, config.decode);
  if (config.mixed) add_engines(engines, EngineRole::mixed, *config.mixed);
  return engines;
}

}  // namespace kvferry::sim
