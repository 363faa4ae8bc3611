#include "sim/kv_cache.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {
namespace {

constexpr std::uint32_t kNone = BlockTable::kNone;

}  // namespace

KvCache::KvCache(const KvCacheConfig& config)
    : config_(config),
      unit_tokens_(std::max(config.block_tokens, config.key_tokens)),
      keys_per_unit_(
          config.key_tokens == 0 ? 1 : static_cast<std::size_t>(unit_tokens_ / config.key_tokens)) {
  assert(config.capacity_blocks >= 0 && config.block_tokens > 0 && config.key_tokens >= 0);
  assert(compatible(config.block_tokens, config.key_tokens));
  units_.resize(1);
}

std::size_t KvCache::shareable_units(std::size_t keys, std::int64_t prompt_tokens) const {
  if (config_.key_tokens == 0) return 0;
  const std::int64_t last = config_.share_partial_tail ? unit_tokens_ - 1 : 0;
  return std::min(keys / keys_per_unit_,
                  static_cast<std::size_t>((prompt_tokens + last) / unit_tokens_));
}

std::int64_t KvCache::blocks_of(std::size_t unit, std::int64_t prompt_tokens) const {
  const std::int64_t first = static_cast<std::int64_t>(unit) * unit_tokens_;
  return blocks_for(std::min(unit_tokens_, prompt_tokens - first));
}

// A trace whose key stands for prompts of different lengths contradicts itself; what has another
// size is then not what we look for.
std::uint32_t KvCache::find(BlockKey key, std::int64_t blocks) const {
  const std::uint32_t unit = index_.find(key);
  return units_[unit].blocks == blocks ? unit : kNone;
}

std::int64_t KvCache::tokens_of(std::size_t units, std::int64_t prompt_tokens) const {
  return std::min(static_cast<std::int64_t>(units) * unit_tokens_, prompt_tokens - 1);
}

std::int64_t KvCache::cached_tokens(std::span<const BlockKey> keys,
                                    std::int64_t prompt_tokens) const {
  const std::size_t units = shareable_units(keys.size(), prompt_tokens);
  std::size_t cached = 0;
  while (cached < units && find(key_of(keys, cached), blocks_of(cached, prompt_tokens)) != kNone) {
    ++cached;
  }
  return tokens_of(cached, prompt_tokens);
}

// Fills found_ and counts the found blocks that somebody holds: sharing them takes no room.
std::int64_t KvCache::look_up(std::span<const BlockKey> keys, std::int64_t prompt_tokens) {
  if (config_.key_tokens == 0) return 0;
  std::int64_t held = 0;
  found_.resize(shareable_units(keys.size(), prompt_tokens));
  for (std::size_t i = 0; i < found_.size(); ++i) {
    found_[i] = find(key_of(keys, i), blocks_of(i, prompt_tokens));
    if (units_[found_[i]].holders > 0) held += units_[found_[i]].blocks;
  }
  return held;
}

std::optional<KvCache::Holding> KvCache::take(std::span<const BlockKey> keys, std::int64_t tokens,
                                              std::int64_t prompt_tokens) {
  assert(0 < prompt_tokens && prompt_tokens <= tokens);
  const std::int64_t held = look_up(keys, prompt_tokens);
  if (blocks_for(tokens) - held > available()) return std::nullopt;
  Holding holding;
  holding.prompt_tokens_ = prompt_tokens;
  std::int64_t nameless = blocks_for(tokens);
  if (!found_.empty()) {
    share_or_take(holding);
    for (std::size_t i = 0; i < found_.size(); ++i) nameless -= blocks_of(i, prompt_tokens);
  }
  take_empty(nameless);
  holding.nameless_blocks_ += nameless;
  return holding;
}

// First the cached prefix, which must survive what follows. Then unit by unit, so that the order
// of evictions is that of a cache which touches or inserts one after the other: making room for a
// missing unit may evict one of this prompt that was found, which then is missing as well.
void KvCache::share_or_take(Holding& holding) {
  const auto missing = std::find(found_.begin(), found_.end(), kNone);
  holding.cached_tokens_ =
      tokens_of(static_cast<std::size_t>(missing - found_.begin()), holding.prompt_tokens_);
  std::for_each(found_.begin(), missing, [this](std::uint32_t unit) { hold(unit); });
  for (auto unit = missing; unit != found_.end(); ++unit) {
    if (units_[*unit].blocks > 0) {
      hold(*unit);
      continue;
    }
    *unit = kNone;
    const std::int64_t blocks =
        blocks_of(static_cast<std::size_t>(unit - found_.begin()), holding.prompt_tokens_);
    take_empty(blocks);
    holding.nameless_blocks_ += blocks;
  }
  holding.units_ = found_;
}

void KvCache::publish(Holding& holding, std::span<const BlockKey> keys) {
  for (std::size_t i = 0; i < holding.units_.size(); ++i) {
    if (holding.units_[i] != kNone) continue;
    const std::int64_t blocks = blocks_of(i, holding.prompt_tokens_);
    holding.units_[i] = publish_unit(key_of(keys, i), blocks);
    if (holding.units_[i] != kNone) holding.nameless_blocks_ -= blocks;
  }
}

// Turns nameless blocks into the unit of that key. kNone where the key already stands for another
// number of blocks.
std::uint32_t KvCache::publish_unit(BlockKey key, std::int64_t blocks) {
  const std::uint32_t known = index_.find(key);
  if (known != kNone) {
    if (units_[known].blocks != blocks) return kNone;
    hold(known);
    used_ -= blocks;
    return known;
  }
  std::uint32_t unit = static_cast<std::uint32_t>(units_.size());
  if (free_units_.empty()) {
    units_.emplace_back();
  } else {
    unit = free_units_.back();
    free_units_.pop_back();
  }
  units_[unit] = {key, 0, 0, 1, static_cast<std::uint32_t>(blocks)};
  index_.insert(key, unit);
  return unit;
}

void KvCache::release(Holding&& holding) {
  const Holding released = std::exchange(holding, {});
  give_back_blocks(released.nameless_blocks_);
  const auto drop = [this](std::uint32_t unit) {
    if (unit != kNone) let_go(unit);
  };
  if (config_.evict_first == EvictFirst::head) {
    std::for_each(released.units_.begin(), released.units_.end(), drop);
  } else {
    std::for_each(released.units_.rbegin(), released.units_.rend(), drop);
  }
}

void KvCache::hold(std::uint32_t unit) {
  if (units_[unit].holders++ > 0) return;
  unlink(unit);
  cached_ -= units_[unit].blocks;
  used_ += units_[unit].blocks;
}

// The last holder's unit becomes the one to be evicted last.
void KvCache::let_go(std::uint32_t unit) {
  Unit& freed = units_[unit];
  assert(freed.holders > 0);
  if (--freed.holders > 0) return;
  used_ -= freed.blocks;
  cached_ += freed.blocks;
  freed.previous = units_[0].previous;
  freed.next = 0;
  units_[freed.previous].next = unit;
  units_[0].previous = unit;
}

void KvCache::unlink(std::uint32_t unit) {
  const Unit& linked = units_[unit];
  units_[linked.previous].next = linked.next;
  units_[linked.next].previous = linked.previous;
}

void KvCache::evict_oldest() {
  const std::uint32_t oldest = units_[0].next;
  assert(oldest != 0);
  unlink(oldest);
  index_.erase(units_[oldest].key);
  cached_ -= units_[oldest].blocks;
  units_[oldest].blocks = 0;
  free_units_.push_back(oldest);
}

}  // namespace kvferry::sim
