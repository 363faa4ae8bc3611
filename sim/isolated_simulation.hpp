// Runs in child processes: SimGrid's engine is a process-wide singleton, and whatever happens to it
// there, the caller gets a result or an exception. Several can run side by side.
#pragma once

#include "sim/simulation.hpp"

#include <span>
#include <sys/types.h>

namespace kvferry::sim {

/// One run in a child process that starts at once.
class IsolatedSimulation {
 public:
  /// Forks: no other thread may be running. The arguments are copied by the fork.
  IsolatedSimulation(const SimulationConfig& config, std::span<const workloads::Request> requests,
                     codec::TransferCodec& codec);
  IsolatedSimulation(const IsolatedSimulation&) = delete;
  IsolatedSimulation& operator=(const IsolatedSimulation&) = delete;
  /// Ends the child if nobody has waited for it.
  ~IsolatedSimulation();

  /// Waits for the child's result; call once. @throws InputError or RunError with the child's
  /// message
  SimulationResult wait();

 private:
  pid_t child_ = -1;
  int pipe_ = -1;
};

/// Starts a run and waits for it.
SimulationResult simulate_isolated(const SimulationConfig& config,
                                   std::span<const workloads::Request> requests,
                                   codec::TransferCodec& codec);

}  // namespace kvferry::sim
