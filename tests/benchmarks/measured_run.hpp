// What a whole run costs: reading the scenario, making its requests and its codec, simulating, and
// summarising, as `kvferry run` does.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <string>

namespace kvferry::benchmarks {

enum class Iterations : std::uint8_t {
  skipped,  ///< as far as nothing can change
  single,   ///< each is an event: the reference
};

struct RunCost {
  Seconds cpu;   ///< user and system, of the simulation's process and of the one that reads from it
  Bytes memory;  ///< the sum of both processes' peaks; what they share counts twice
  std::int64_t requests{};
  std::int64_t completed{};
  std::int64_t output_tokens{};  ///< of completed requests
};

/// Runs in a process of its own, so that no run pays for, or profits from, another.
/// @throws RunError
RunCost measure_run(const std::string& scenario_yaml, Iterations iterations);

}  // namespace kvferry::benchmarks
