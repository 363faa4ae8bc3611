// What fails in the systems of tests.
#pragma once

#include "tests/sim/random_system.hpp"

#include <optional>
#include <string>
#include <utility>

namespace kvferry::sim {

inline StatedFailure dies(const std::string& instance, double at_s,
                          std::optional<double> for_s = {}) {
  StatedFailure death{{ElementKind::instance, instance}, {at_s}, {}, {}};
  if (for_s) death.until = Seconds{at_s + *for_s};
  return death;
}

inline StatedFailure fails(const std::string& link, double at_s, double for_s,
                           Remains remains = {}) {
  return {{ElementKind::link, link}, {at_s}, Seconds{at_s + for_s}, remains};
}

/// Deaths that all come back, or by chance, within the first seconds; whatever pools there are.
inline void add_random_deaths(RandomStream& random, SimulationConfig& config) {
  std::vector<std::pair<const char*, std::int32_t>> pools{
      {"prefill", config.prefill.instances},
      {"decode", config.decode.instances + static_cast<std::int32_t>(config.decode.more.size())}};
  if (config.mixed) pools.emplace_back("mixed", config.mixed->instances);
  for (const auto& [name, instances] : pools) {
    for (std::int32_t i = 0; i < instances; ++i) {
      const std::string instance = name + ("." + std::to_string(i));
      double when = random.exponential() * 0.8;
      for (std::uint64_t deaths = random.below(3); deaths > 0; --deaths) {
        const double duration = 0.01 + random.exponential() * 0.4;
        config.failures.stated.push_back(dies(instance, when, duration));
        when += duration + 0.01 + random.exponential() * 0.8;
      }
    }
    if (random.below(4) == 0) {
      config.failures.random.push_back(
          {{ElementKind::instance, name}, {4 + random.uniform()}, {0.2}, {}});
    }
  }
}

/// Ways of handing off that random_system() leaves at their defaults.
inline void choose_hand_off(RandomStream& random, SimulationConfig& config) {
  config.transfer.overlap = pick(random, Overlap::none, Overlap::pipelined, Overlap::layerwise);
  config.transfer.binding = pick(random, Binding::late, Binding::early);
  config.transfer.initiator = pick(random, Initiator::push, Initiator::pull);
  config.transfer.flows_per_nic = pick(random, 1, 2, 8);
}

}  // namespace kvferry::sim
