// Random operations on the cache and on a plain list of what should be in it, side by side.
#include "sim/base/random.hpp"
#include "sim/kv_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::sim {

// Names a case, in GoogleTest's way.
void PrintTo(const KvCacheConfig& shape, std::ostream* out) {
  *out << "blocks-of-" << shape.block_tokens << "-keys-of-" << shape.key_tokens
       << (shape.share_partial_tail ? "-partial" : "-full")
       << (shape.evict_first == EvictFirst::tail ? "-tail-first" : "-head-first");
}

namespace {

using Keys = std::vector<BlockKey>;

struct Prompt {
  Keys keys;
  std::int64_t tokens{};
};

// What the cache is meant to be, without regard to speed: a list of named units in the order in
// which they were last let go. Equal keys of different sizes do not occur here.
class PlainCache {
 public:
  struct Sequence {
    std::vector<std::optional<BlockKey>> shared;  // the shareable units; nothing: not published
    std::int64_t nameless = 0;
    std::int64_t cached_tokens = 0;
  };

  explicit PlainCache(const KvCacheConfig& config) : config_(config) {}

  std::optional<Sequence> take(const Prompt& prompt, std::int64_t tokens) {
    const Keys names = names_of(prompt);
    const std::int64_t blocks = ceil_divide(tokens, config_.block_tokens);
    std::int64_t needed = blocks;
    for (const BlockKey name : names) {
      if (const Unit* unit = find(name); unit != nullptr && unit->holders > 0)
        needed -= unit->blocks;
    }
    if (needed > config_.capacity_blocks - used()) return std::nullopt;
    Sequence sequence;
    sequence.cached_tokens = cached_tokens(prompt);
    sequence.nameless = blocks;
    const std::size_t prefix = cached_units(names);
    for (std::size_t i = 0; i < prefix; ++i) share(sequence, names[i]);
    for (std::size_t i = prefix; i < names.size(); ++i) {
      const std::int64_t size = size_of(prompt, i);
      if (find(names[i]) != nullptr) {
        share(sequence, names[i]);
      } else {
        make_room(size);
        unnamed_ += size;
        sequence.shared.emplace_back();
      }
    }
    std::int64_t rest = blocks;
    for (std::size_t i = 0; i < names.size(); ++i) rest -= size_of(prompt, i);
    make_room(rest);
    unnamed_ += rest;
    return sequence;
  }

  void publish(Sequence& sequence, const Prompt& prompt) {
    const Keys names = names_of(prompt);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (sequence.shared[i]) continue;
      const std::int64_t size = size_of(prompt, i);
      if (find(names[i]) == nullptr) units_.push_back({names[i], size, 0, 0});
      ++find(names[i])->holders;
      sequence.shared[i] = names[i];
      sequence.nameless -= size;
      unnamed_ -= size;
    }
  }

  void release(Sequence sequence) {
    unnamed_ -= sequence.nameless;
    if (config_.evict_first == EvictFirst::tail)
      std::reverse(sequence.shared.begin(), sequence.shared.end());
    for (const std::optional<BlockKey>& name : sequence.shared) {
      if (!name) continue;
      Unit* unit = find(*name);
      if (--unit->holders == 0) unit->let_go = ++clock_;
    }
  }

  bool try_take_blocks(std::int64_t blocks) {
    if (blocks > config_.capacity_blocks - used()) return false;
    make_room(blocks);
    unnamed_ += blocks;
    return true;
  }
  void give_back_blocks(std::int64_t blocks) { unnamed_ -= blocks; }

  std::int64_t cached_tokens(const Prompt& prompt) const {
    const auto units = static_cast<std::int64_t>(cached_units(names_of(prompt)));
    return std::min(units * unit_tokens(), prompt.tokens - 1);
  }

  std::int64_t used() const { return unnamed_ + blocks_where(true); }
  std::int64_t cached() const { return blocks_where(false); }

 private:
  struct Unit {
    BlockKey name{};
    std::int64_t blocks{};
    std::int64_t holders{};
    std::int64_t let_go{};
  };

  static std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
  std::int64_t unit_tokens() const { return std::max(config_.block_tokens, config_.key_tokens); }

  // The keys of the shareable units.
  Keys names_of(const Prompt& prompt) const {
    Keys names;
    const std::int64_t group = std::max<std::int64_t>(1, config_.block_tokens / config_.key_tokens);
    for (std::int64_t i = 1; i * group <= static_cast<std::int64_t>(prompt.keys.size()); ++i) {
      const bool full = i * unit_tokens() <= prompt.tokens;
      if (full || config_.share_partial_tail)
        names.push_back(prompt.keys[static_cast<std::size_t>(i * group - 1)]);
    }
    return names;
  }
  std::int64_t size_of(const Prompt& prompt, std::size_t i) const {
    const std::int64_t start = static_cast<std::int64_t>(i) * unit_tokens();
    return ceil_divide(std::min(unit_tokens(), prompt.tokens - start), config_.block_tokens);
  }
  const Unit* find(BlockKey name) const {
    for (const Unit& unit : units_) {
      if (unit.name == name) return &unit;
    }
    return nullptr;
  }
  Unit* find(BlockKey name) { return const_cast<Unit*>(std::as_const(*this).find(name)); }
  std::size_t cached_units(const Keys& names) const {
    const auto missing =
        std::find_if(names.begin(), names.end(), [&](BlockKey n) { return find(n) == nullptr; });
    return static_cast<std::size_t>(missing - names.begin());
  }
  void share(Sequence& sequence, BlockKey name) {
    Unit* unit = find(name);
    ++unit->holders;
    sequence.shared.emplace_back(name);
    sequence.nameless -= unit->blocks;
  }
  void make_room(std::int64_t blocks) {
    while (config_.capacity_blocks - used() - cached() < blocks) {
      const auto older = [](const Unit& a, const Unit& b) {
        if ((a.holders == 0) != (b.holders == 0)) return a.holders == 0;
        return a.let_go < b.let_go;
      };
      units_.erase(std::min_element(units_.begin(), units_.end(), older));
    }
  }
  std::int64_t blocks_where(bool held) const {
    std::int64_t blocks = 0;
    for (const Unit& unit : units_) blocks += (unit.holders > 0) == held ? unit.blocks : 0;
    return blocks;
  }

  KvCacheConfig config_;
  std::vector<Unit> units_;
  std::int64_t unnamed_ = 0;
  std::int64_t clock_ = 0;
};

// A prompt of a small tree of prompts, so that prefixes repeat: the key of a node is its path.
Prompt random_prompt(RandomStream& random, std::int64_t key_tokens) {
  Prompt prompt;
  const std::uint64_t keys = 1 + random.below(6);
  BlockKey path = 1;
  for (std::uint64_t i = 0; i < keys; ++i) {
    path = mix64(3 * path + random.below(i < 2 ? 2 : 3));
    prompt.keys.push_back(path);
  }
  // Every other prompt ends within its last key, which then is a text, and so a key, of its own.
  prompt.tokens = key_tokens * static_cast<std::int64_t>(keys);
  if (path % 2 == 0) {
    prompt.tokens -= static_cast<std::int64_t>(path % static_cast<std::uint64_t>(key_tokens));
    prompt.keys.back() = mix64(path);
  }
  return prompt;
}

class KvCacheModel : public testing::TestWithParam<KvCacheConfig> {
 protected:
  struct Both {
    Prompt prompt;
    KvCache::Holding holding;
    PlainCache::Sequence sequence;
    bool published = false;
  };

  void take() {
    const Prompt prompt = random_prompt(random_, GetParam().key_tokens);
    const std::int64_t answer = static_cast<std::int64_t>(random_.below(40));
    ASSERT_EQ(cache_.cached_tokens(prompt.keys, prompt.tokens), plain_.cached_tokens(prompt));
    auto holding = cache_.take(prompt.keys, prompt.tokens + answer, prompt.tokens);
    auto sequence = plain_.take(prompt, prompt.tokens + answer);
    ASSERT_EQ(holding.has_value(), sequence.has_value());
    ++(holding ? taken_ : refused_);
    if (!holding) return;
    ASSERT_EQ(holding->cached_tokens(), sequence->cached_tokens);
    hits_ += holding->cached_tokens() > 0 ? 1 : 0;
    held_.push_back({prompt, std::move(*holding), std::move(*sequence)});
  }

  void publish() {
    if (held_.empty()) return;
    Both& both = held_[random_.below(held_.size())];
    if (both.published) return;
    cache_.publish(both.holding, both.prompt.keys);
    plain_.publish(both.sequence, both.prompt);
    both.published = true;
  }

  void release() {
    if (held_.empty()) return;
    const std::size_t which = random_.below(held_.size());
    cache_.release(std::move(held_[which].holding));
    plain_.release(held_[which].sequence);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void grow_or_shrink() {
    const auto blocks = static_cast<std::int64_t>(random_.below(4));
    if (random_.below(2) == 0 && answers_ >= blocks) {
      cache_.give_back_blocks(blocks);
      plain_.give_back_blocks(blocks);
      answers_ -= blocks;
      return;
    }
    const bool taken = cache_.try_take_blocks(blocks);
    ASSERT_EQ(taken, plain_.try_take_blocks(blocks));
    if (taken) answers_ += blocks;
  }

  void expect_equal() const {
    ASSERT_EQ(cache_.used(), plain_.used());
    ASSERT_EQ(cache_.cached(), plain_.cached());
    ASSERT_GE(cache_.used(), 0);
    ASSERT_GE(cache_.available() - cache_.cached(), 0) << "empty blocks";
    ASSERT_EQ(cache_.used() + cache_.available(), cache_.capacity());
  }

  RandomStream random_{20260801, "cache operations"};
  KvCache cache_{GetParam()};
  PlainCache plain_{GetParam()};
  std::vector<Both> held_;
  std::int64_t answers_ = 0;
  int taken_ = 0;
  int refused_ = 0;
  int hits_ = 0;
};

TEST_P(KvCacheModel, BehavesAsAPlainListDoes) {
  for (int step = 0; step < 20'000; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    switch (random_.below(6)) {
      case 0:
      case 1:
        take();
        break;
      case 2:
        publish();
        break;
      case 3:
      case 4:
        release();
        break;
      default:
        grow_or_shrink();
    }
    expect_equal();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(taken_, 1'000);
  EXPECT_GT(refused_, 100) << "the cache must have been full at times";
  EXPECT_GT(hits_, 200);
  while (!held_.empty()) release();
  cache_.give_back_blocks(answers_);
  EXPECT_EQ(cache_.used(), 0);
}

std::vector<KvCacheConfig> shapes() {
  std::vector<KvCacheConfig> all;
  for (const EvictFirst first : {EvictFirst::tail, EvictFirst::head}) {
    for (const bool partial : {false, true}) {
      all.push_back({12, 16, 16, first, partial});
      all.push_back({37, 16, 64, first, partial});
      all.push_back({6, 32, 16, first, partial});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Shapes, KvCacheModel, testing::ValuesIn(shapes()));

}  // namespace
}  // namespace kvferry::sim
