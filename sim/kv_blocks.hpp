// The KV cache of one instance, counted in blocks of a fixed number of tokens.
#pragma once

#include "sim/base/units.hpp"
#include "sim/simulation_config.hpp"

#include <cassert>
#include <cstdint>

namespace kvferry::sim {

class KvBlocks {
 public:
  KvBlocks(std::int64_t capacity, std::int64_t block_tokens)
      : capacity_(capacity), block_tokens_(block_tokens) {
    assert(capacity >= 0 && block_tokens > 0);
  }

  std::int64_t blocks_for(std::int64_t tokens) const {
    return (tokens + block_tokens_ - 1) / block_tokens_;
  }

  /// Whether `tokens` would fit into an empty cache.
  bool can_ever_hold(std::int64_t tokens) const { return blocks_for(tokens) <= capacity_; }

  /// Takes the blocks for `tokens`, or nothing when there are too few.
  [[nodiscard]] bool try_allocate(std::int64_t tokens) {
    const std::int64_t blocks = blocks_for(tokens);
    if (blocks > capacity_ - used_) return false;
    used_ += blocks;
    return true;
  }

  /// Gives back what try_allocate(tokens) took.
  void release(std::int64_t tokens) {
    used_ -= blocks_for(tokens);
    assert(used_ >= 0);
  }

  std::int64_t capacity() const { return capacity_; }
  std::int64_t used() const { return used_; }

 private:
  std::int64_t capacity_;
  std::int64_t block_tokens_;
  std::int64_t used_ = 0;
};

/// What remains of one GPU's memory for KV blocks once the model's shard is loaded.
struct KvMemory {
  Bytes budget;         ///< memory * fraction
  Bytes weights;        ///< of this GPU's shard
  Bytes block;          ///< one block on this GPU: K and V of all layers for block_tokens tokens
  std::int64_t blocks;  ///< that fit; 0 when the weights alone exceed the budget
};

KvMemory kv_memory(const PoolConfig& pool, const ModelSpec& model, WeightType weights);

}  // namespace kvferry::sim
