// The part of a scenario that describes the serving system: model, pools, network, hand-off.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"
#include "workloads/workload.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::scenarios {

/// Everything but the `transfer` section.
sim::SimulationConfig read_system(SectionReader& root);

/// The `transfer` section without its codec.
sim::TransferConfig read_transfer(SectionReader& transfer);

/// The `interference` section of `codec`.
sim::CodecInterference read_interference(SectionReader&& interference);

/// Checks what no single key can: that the model can be split as asked and fits into the GPUs.
/// @pre no fault so far
void check_system(const SectionReader& root, const sim::SimulationConfig& system);

/// Why the pool of that key cannot share blocks as asked.
struct PrefixFault {
  std::string key;
  std::string text;
};

/// Pools with prefix caching whose KV blocks cannot be matched with what the workload names.
/// @param key_tokens tokens per block that requests name; 0: they name none, which is no fault
std::vector<PrefixFault> prefix_faults(const sim::SimulationConfig& system,
                                       std::int64_t key_tokens);

/// Reports these faults as far as they are known before the trace is read.
void check_prefix_caching(const SectionReader& root, const sim::SimulationConfig& system,
                          const workloads::WorkloadSpec& workload);

}  // namespace kvferry::scenarios
