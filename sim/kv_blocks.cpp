#include "sim/kv_blocks.hpp"

#include <algorithm>

namespace kvferry::sim {

KvMemory kv_memory(const GpuSpec& gpu, double memory_fraction, const ModelSpec& model,
                   WeightType weights, std::int32_t tensor_parallel, std::int64_t block_tokens) {
  KvMemory memory{};
  memory.budget = {
      static_cast<std::int64_t>(static_cast<double>(gpu.memory.value) * memory_fraction)};
  memory.weights = {(weight_bytes(model, weights).value + tensor_parallel - 1) / tensor_parallel};
  const std::int64_t heads = kv_heads_per_rank(model, tensor_parallel);
  memory.block = {std::int64_t{2} * 2 * model.layers * heads * model.head_dim * block_tokens};
  memory.blocks =
      std::max<std::int64_t>(0, (memory.budget - memory.weights).value) / memory.block.value;
  return memory;
}

}  // namespace kvferry::sim
