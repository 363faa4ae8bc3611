#include "workloads/block_reuse.hpp"

#include "sim/base/error.hpp"

#include <algorithm>
#include <limits>
#include <list>
#include <string>
#include <unordered_map>

namespace kvferry::workloads {
namespace {

class LeastRecentlyUsed {
 public:
  explicit LeastRecentlyUsed(std::int64_t capacity) : capacity_(capacity) {}

  bool holds(std::uint64_t block) const { return places_.contains(block); }

  void touch(std::uint64_t block) {
    const auto place = places_.find(block);
    if (place != places_.end()) {
      order_.splice(order_.begin(), order_, place->second);
      return;
    }
    order_.push_front(block);
    places_[block] = order_.begin();
    if (static_cast<std::int64_t>(places_.size()) <= capacity_) return;
    places_.erase(order_.back());
    order_.pop_back();
  }

 private:
  std::int64_t capacity_;
  std::list<std::uint64_t> order_;  // most recently used first
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places_;
};

}  // namespace

BlockReuse block_reuse(const std::vector<Request>& requests, std::int64_t block_tokens,
                       std::optional<std::int64_t> capacity_blocks) {
  if (capacity_blocks && *capacity_blocks < 1) {
    throw InputError("a cache must have room for at least 1 block, found " +
                     std::to_string(*capacity_blocks));
  }
  LeastRecentlyUsed cache(capacity_blocks.value_or(std::numeric_limits<std::int64_t>::max()));
  BlockReuse reuse{capacity_blocks, 0, 0};
  for (const Request& request : requests) {
    const auto& blocks = request.prefix_blocks;
    const auto miss = std::find_if_not(blocks.begin(), blocks.end(),
                                       [&](std::uint64_t block) { return cache.holds(block); });
    const std::int64_t hits = miss - blocks.begin();
    reuse.hit_blocks += hits;
    reuse.hit_tokens += std::min(hits * block_tokens, request.input_tokens);
    for (const std::uint64_t block : blocks) cache.touch(block);
  }
  return reuse;
}

}  // namespace kvferry::workloads
