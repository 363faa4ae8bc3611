// Serving systems for tests, built from the catalog.
#pragma once

#include "scenarios/catalog.hpp"
#include "sim/iteration_time.hpp"
#include "sim/simulation_config.hpp"
#include "topologies/two_tier.hpp"
#include "workloads/request.hpp"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace kvferry::sim {

template <typename Entry>
const Entry& named(const std::vector<Entry>& entries, const std::string& name) {
  return *std::find_if(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.name == name; });
}

inline const GpuSpec& gpu(const std::string& name) {
  return named(scenarios::known_gpus(), name);
}
inline const ModelSpec& model(const std::string& name) {
  return named(scenarios::known_models(), name);
}
inline const StackProfile& stack() {
  return scenarios::known_stacks().front();
}

inline PoolConfig pool(const std::string& gpu_name, std::int32_t tensor_parallel) {
  PoolConfig pool;
  pool.gpu = gpu(gpu_name);
  pool.tensor_parallel = tensor_parallel;
  return pool;
}

/// One prefill and one decode H100 with Llama-3.1-8B, a NIC of 10 GB/s each, no latency.
inline SimulationConfig small_system() {
  SimulationConfig config;
  config.model = model("llama-3.1-8b");
  config.stack = stack();
  config.prefill.gpu = gpu("h100-sxm");
  config.decode.gpu = gpu("h100-sxm");
  config.network.topology = topologies::TwoTierSpec{
      .link_bandwidth = {10e9}, .link_latency = {0}, .nvlink_bandwidth = {450e9}};
  config.transfer.overlap = Overlap::none;
  return config;
}

/// The topology of a small system, to be changed.
inline topologies::TwoTierSpec& two_tier(SimulationConfig& config) {
  return std::get<topologies::TwoTierSpec>(config.network.topology);
}

inline workloads::Request request(std::int64_t id, double arrival_s, std::int64_t input,
                                  std::int64_t output) {
  workloads::Request request;
  request.id = id;
  request.arrival = {arrival_s};
  request.input_tokens = input;
  request.output_tokens = output;
  return request;
}

inline IterationTime prefill_time(const SimulationConfig& config) {
  return {config.prefill, config.model, config.stack, config.weights};
}

inline IterationTime decode_time(const SimulationConfig& config) {
  return {config.decode, config.model, config.stack, config.weights};
}

/// Prefill time of one prompt alone.
inline double prefill_s(const SimulationConfig& config, std::int64_t tokens) {
  const PrefillItem item{tokens, 0};
  return prefill_time(config).prefill({&item, 1}).value;
}

/// Time of one decode iteration with a single sequence whose cache holds `context` tokens.
inline double decode_s(const SimulationConfig& config, std::int64_t context) {
  return decode_time(config).decode({1, context + 1, context}).value;
}

}  // namespace kvferry::sim
