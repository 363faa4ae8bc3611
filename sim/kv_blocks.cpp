#include "sim/kv_blocks.hpp"

#include <algorithm>

namespace kvferry::sim {

KvMemory kv_memory(const PoolConfig& pool, const ModelSpec& model, WeightType weights) {
  const std::int64_t ranks = pool.tensor_parallel;
  const std::int64_t heads = kv_heads_per_rank(model, pool.tensor_parallel);
  const double budget = static_cast<double>(pool.gpu.memory.value) * pool.kv_memory_fraction;
  KvMemory memory{};
  memory.budget = {static_cast<std::int64_t>(budget)};
  memory.weights = {(weight_bytes(model, weights).value + ranks - 1) / ranks};
  memory.block = {std::int64_t{2} * 2 * model.layers * heads * model.head_dim *
                  pool.kv_block_tokens};
  memory.blocks =
      std::max<std::int64_t>(0, (memory.budget - memory.weights).value) / memory.block.value;
  return memory;
}

}  // namespace kvferry::sim
