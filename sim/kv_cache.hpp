// The KV cache of one instance: blocks of a fixed number of tokens, some of which later prompts
// may find and share (prefix caching).
//
// What it is: counters of blocks, an index of the published ones by their keys, and the order in
// which unheld ones are evicted (least recently released first). What it is not: a scheduler; it
// says "too few" and leaves waiting to its owner. First call: take().
//
// A sequence takes its blocks, publishes the prompt's once they are computed, and releases all of
// them in the end. Published blocks that nobody holds stay cached until their room is needed.
// Keys are prefix-chained: equal keys mean equal prompts from the first token on.
//
// Sharing goes by units of max(key_tokens, block_tokens) tokens: a key that stands for several
// blocks is shared and evicted as a whole; where a block spans several keys, the last of them names
// it, and keys too few for a block name nothing. After a prompt's first uncached unit, units that
// are cached nevertheless are shared and kept from eviction, but count as computed.
#pragma once

#include "sim/block_table.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::sim {

using BlockKey = std::uint64_t;

/// Which of a released sequence's blocks is evicted first.
enum class EvictFirst : std::uint8_t {
  tail,  ///< the last: a shorter prefix remains useful (as in vLLM)
  head,  ///< the first: least recently used by block, in the order of the prompt
};

struct KvCacheConfig {
  std::int64_t capacity_blocks{};
  std::int64_t block_tokens{16};
  std::int64_t key_tokens{0};  ///< prompt tokens that one key stands for; 0: no prefix caching
  EvictFirst evict_first = EvictFirst::tail;
  /// Whether a unit that the prompt does not fill is shareable. The answer is then counted as if
  /// it went on filling that block, without a copy of it.
  bool share_partial_tail = false;
};

/// Whether keys of `key_tokens` tokens can name blocks of `block_tokens`: one divides the other,
/// or there are no keys (0). KvCache demands it.
constexpr bool compatible(std::int64_t block_tokens, std::int64_t key_tokens) {
  return key_tokens == 0 || block_tokens % key_tokens == 0 || key_tokens % block_tokens == 0;
}

class KvCache {
 public:
  /// The blocks of one sequence, to be given back to the cache they came from. Its destructor
  /// releases nothing.
  class Holding {
   public:
    Holding() = default;
    Holding(Holding&&) noexcept = default;
    Holding& operator=(Holding&&) noexcept = default;

    /// Prompt tokens that the cache had: less than the prompt.
    std::int64_t cached_tokens() const { return cached_tokens_; }

   private:
    friend class KvCache;
    std::vector<std::uint32_t> units_;  // of the shareable prompt; kNone where not published
    std::int64_t nameless_blocks_ = 0;  // not published, or not shareable at all
    std::int64_t prompt_tokens_ = 0;
    std::int64_t cached_tokens_ = 0;
  };

  explicit KvCache(const KvCacheConfig& config);

  std::int64_t blocks_for(std::int64_t tokens) const {
    return (tokens + config_.block_tokens - 1) / config_.block_tokens;
  }

  /// Whether `tokens` would fit into an empty cache.
  bool can_ever_hold(std::int64_t tokens) const { return blocks_for(tokens) <= capacity(); }

  std::int64_t capacity() const { return config_.capacity_blocks; }
  /// Blocks that sequences hold; a shared one counts once.
  std::int64_t used() const { return used_; }
  /// Blocks that nobody holds, empty or cached. used() + available() = capacity().
  std::int64_t available() const { return capacity() - used_; }
  /// Blocks that nobody holds, whose content can still be found.
  std::int64_t cached() const { return cached_; }

  /// The longest cached prefix of a prompt, in tokens; at least one is left to compute.
  std::int64_t cached_tokens(std::span<const BlockKey> keys, std::int64_t prompt_tokens) const;

  /// Blocks for `tokens` tokens, of which the first `prompt_tokens` (1 to `tokens`) are the prompt
  /// with these keys: shares what is cached, takes the rest. Nothing when too few are available.
  [[nodiscard]] std::optional<Holding> take(std::span<const BlockKey> keys, std::int64_t tokens,
                                            std::int64_t prompt_tokens);

  /// The KV of the whole prompt is there now: later prompts find its blocks by the keys, which must
  /// be those of take(). Where another sequence was faster, its block is shared and ours freed.
  void publish(Holding& holding, std::span<const BlockKey> keys);

  void release(Holding&& holding);

  /// Blocks without a name, as answers need them; false and no change when too few are available.
  [[nodiscard]] bool try_take_blocks(std::int64_t blocks) {
    if (blocks > available()) return false;
    take_empty(blocks);
    return true;
  }

  void give_back_blocks(std::int64_t blocks) {
    used_ -= blocks;
    assert(blocks >= 0 && used_ >= 0);
  }

 private:
  // Published blocks. Unheld ones form a ring, through the unit 0, in the order of eviction.
  struct Unit {
    BlockKey key{};
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
    std::uint32_t holders = 0;
    std::uint32_t blocks = 0;  // 0: evicted, its place is free
  };

  std::size_t shareable_units(std::size_t keys, std::int64_t prompt_tokens) const;
  BlockKey key_of(std::span<const BlockKey> keys, std::size_t unit) const {
    return keys[(unit + 1) * keys_per_unit_ - 1];
  }
  std::int64_t blocks_of(std::size_t unit, std::int64_t prompt_tokens) const;
  std::uint32_t find(BlockKey key, std::int64_t blocks) const;
  std::int64_t tokens_of(std::size_t units, std::int64_t prompt_tokens) const;
  std::int64_t look_up(std::span<const BlockKey> keys, std::int64_t prompt_tokens);
  void share_or_take(Holding& holding);
  std::uint32_t publish_unit(BlockKey key, std::int64_t blocks);
  void hold(std::uint32_t unit);
  void let_go(std::uint32_t unit);
  void unlink(std::uint32_t unit);
  void evict_oldest();

  // There must be as many available.
  void take_empty(std::int64_t blocks) {
    while (blocks > available() - cached_) evict_oldest();
    used_ += blocks;
  }

  KvCacheConfig config_;
  std::int64_t unit_tokens_;
  std::size_t keys_per_unit_;
  std::int64_t used_ = 0;
  std::int64_t cached_ = 0;
  std::vector<Unit> units_;
  std::vector<std::uint32_t> free_units_;
  BlockTable index_;
  std::vector<std::uint32_t> found_;  // by the last look_up
};

}  // namespace kvferry::sim
