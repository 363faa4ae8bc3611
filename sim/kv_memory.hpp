// How many KV blocks fit beside a model's weights.
//
// A block is the cache of block_tokens tokens in all layers that see the whole context. Layers with
// a sliding window keep the newest tokens only: a sequence takes the blocks of its full windows
// once, when it is let in, and then grows in the other layers alone (engines with a hybrid cache
// fill the windows as the context grows; the difference is at most those few blocks per sequence).
// A model whose layers all have windows keeps the whole context.
#pragma once

#include "sim/base/units.hpp"
#include "sim/simulation_config.hpp"

#include <cstdint>

namespace kvferry::sim {

/// What remains of one GPU's memory for KV blocks once the model's shard is loaded; of the largest
/// pipeline stage.
struct KvMemory {
  Bytes budget;                ///< memory * fraction - activation reserve
  Bytes weights;               ///< of this GPU's shard
  Bytes block;                 ///< one block on this GPU, of block_tokens tokens
  std::int64_t blocks;         ///< that fit; 0 when the weights alone exceed the budget
  std::int64_t window_blocks;  ///< that each sequence takes for its windows
};

KvMemory kv_memory(const PoolConfig& pool, const ModelSpec& model, WeightType weights);

}  // namespace kvferry::sim
