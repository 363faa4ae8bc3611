// Everything one run is made of, as plain values.
#pragma once

#include "sim/base/units.hpp"
#include "sim/gpu_spec.hpp"
#include "sim/model_spec.hpp"

#include <cstdint>
#include <optional>

namespace kvferry::sim {

/// When the client gets its first token.
enum class FirstToken : std::uint8_t {
  kv_ready,  ///< prefill's token is released once the decode side holds the cache (as SGLang does)
  decode_step,  ///< the decode side computes it: one decode iteration later (as vLLM's proxies do)
  prefill,      ///< at prefill's end
};

enum class RouterPolicy : std::uint8_t { round_robin, least_loaded };

struct PoolConfig {
  std::int32_t instances = 1;
  GpuSpec gpu;
  std::int32_t tensor_parallel = 1;  ///< GPUs per instance: 1, 2, 4 or 8
  double kv_memory_fraction = 0.9;   ///< share of GPU memory for weights and KV cache
  std::int64_t kv_block_tokens = 16;
  std::int64_t max_batch_size = 256;     ///< requests per iteration
  std::int64_t max_batch_tokens = 8192;  ///< per prefill iteration; a longer prompt runs alone
  RouterPolicy router = RouterPolicy::least_loaded;
};

enum class TopologyPreset : std::uint8_t { two_tier, point_to_point };

struct NetworkConfig {
  TopologyPreset preset = TopologyPreset::two_tier;
  BytesPerSecond link_bandwidth;
  Seconds link_latency;
  std::int32_t gpus_per_node = 8;
  double oversubscription = 1;
  BytesPerSecond nvlink_bandwidth;
};

enum class Overlap : std::uint8_t {
  none,       ///< encode all, send all, decode all, one after the other
  pipelined,  ///< chunks of some layers overlap, after prefill
};

struct TransferConfig {
  Overlap overlap = Overlap::pipelined;
  std::int32_t layers_per_chunk = 4;  ///< when pipelined
  std::int32_t flows_per_nic = 8;     ///< on the wire at a time per sending GPU; others wait
};

struct SimulationConfig {
  ModelSpec model;
  WeightType weights = WeightType::bf16;
  StackProfile stack;
  PoolConfig prefill;
  PoolConfig decode;
  NetworkConfig network;
  TransferConfig transfer;
  FirstToken first_token = FirstToken::kv_ready;
  std::optional<Seconds> horizon;  ///< requests still in the system are then unfinished
};

}  // namespace kvferry::sim
