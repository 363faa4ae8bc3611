// Runs in child processes: SimGrid's engine is a process-wide singleton, and whatever happens to it
// there, the caller gets a result or an exception. Several can run side by side.
#pragma once

#include "sim/result_stream.hpp"
#include "sim/simulation.hpp"

#include <span>
#include <sys/types.h>

namespace kvferry::sim {

/// One run in a child process that starts at once. What it gives waits in a pipe until this process
/// reads, and the child waits when the pipe is full: nothing piles up in memory.
class IsolatedSimulation {
 public:
  /// Forks: no other thread may be running. All but the sink, which is called in this process, are
  /// copied by the fork. @param sink must outlive this
  IsolatedSimulation(const SimulationConfig& config, std::span<const workloads::Request> requests,
                     codec::TransferCodec& codec, ResultSink& sink);
  IsolatedSimulation(const IsolatedSimulation&) = delete;
  IsolatedSimulation& operator=(const IsolatedSimulation&) = delete;
  /// Ends the child if it has not ended.
  ~IsolatedSimulation();

  /// The sink has got all that it will get.
  bool has_ended() const { return child_ < 0; }

  /// Passes results on until the child has ended; call once. @throws InputError or RunError with
  /// the child's message, and what the sink throws
  SimulationSums wait();

 private:
  friend void pass_on_from_any(std::span<IsolatedSimulation* const> running);
  void pass_on_what_is_there();

  int pipe_ = -1;
  pid_t child_ = -1;
  int status_ = 0;  ///< of the child, once it has ended
  ResultStreamReader reader_;
};

/// Waits until one of these gives something or ends, and passes on what all of them have given;
/// returns early when a signal comes. @param running none has ended
void pass_on_from_any(std::span<IsolatedSimulation* const> running);

/// Starts a run and waits for it.
SimulationSums simulate_isolated(const SimulationConfig& config,
                                 std::span<const workloads::Request> requests,
                                 codec::TransferCodec& codec, ResultSink& sink);

/// The same, collected.
SimulationResult simulate_isolated(const SimulationConfig& config,
                                   std::span<const workloads::Request> requests,
                                   codec::TransferCodec& codec);

}  // namespace kvferry::sim
