#include "sim/kv_memory.hpp"

#include <algorithm>

namespace kvferry::sim {
namespace {

// A window rarely begins where a block does, hence one block more than it fills.
std::int64_t window_blocks(const PoolConfig& pool, const ModelSpec& model) {
  const std::int64_t windowed = windowed_layers(model);
  const std::int64_t full = model.layers - windowed;
  if (windowed == 0 || full == 0) return 0;
  const std::int64_t window = *model.sliding_window;
  const std::int64_t blocks = (window + pool.kv_block_tokens - 1) / pool.kv_block_tokens + 1;
  return (blocks * windowed + full - 1) / full;
}

// Layers of the largest stage that a block holds: with and without windows in equal shares.
std::int64_t block_layers(const PoolConfig& pool, const ModelSpec& model) {
  const std::int64_t layers = stage_layers(model, pool.pipeline_parallel);
  const std::int64_t full = model.layers - windowed_layers(model);
  return full == 0 ? layers : (layers * full + model.layers - 1) / model.layers;
}

}  // namespace

KvMemory kv_memory(const PoolConfig& pool, const ModelSpec& model, WeightType weights) {
  const double budget = static_cast<double>(pool.gpu.memory.value) * pool.kv_memory_fraction;
  const std::int64_t layer_values =
      std::int64_t{kv_heads_per_rank(model, pool.tensor_parallel)} * kv_values_per_head(model);
  KvMemory memory{};
  memory.budget = Bytes{static_cast<std::int64_t>(budget)} - pool.activation_reserve;
  memory.weights =
      weight_bytes_per_gpu(model, weights, {pool.tensor_parallel, pool.pipeline_parallel});
  memory.block = Bytes{kv_value_bytes(model.kv_type)} *
                 (block_layers(pool, model) * layer_values * pool.kv_block_tokens);
  memory.blocks =
      std::max<std::int64_t>(0, (memory.budget - memory.weights).value) / memory.block.value;
  memory.window_blocks = window_blocks(pool, model);
  return memory;
}

}  // namespace kvferry::sim
