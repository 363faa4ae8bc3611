// Which cached unit a block key names: a hash table of 64-bit keys to 32-bit places.
//
// Open addressing with linear probing; erasing shifts the followers back, so that a table which
// evicts as often as it inserts never fills up with gravestones. Nothing iterates over it, so the
// order of its slots reaches no result.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kvferry::sim {

class BlockTable {
 public:
  /// What find() answers for an unknown key; never inserted.
  static constexpr std::uint32_t kNone = 0;

  std::uint32_t find(std::uint64_t key) const {
    if (slots_.empty()) return kNone;
    for (std::size_t at = home(key);; at = next(at)) {
      if (slots_[at].place == kNone || slots_[at].key == key) return slots_[at].place;
    }
  }

  /// `key` must be unknown and `place` not kNone.
  void insert(std::uint64_t key, std::uint32_t place) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    std::size_t at = home(key);
    while (slots_[at].place != kNone) at = next(at);
    slots_[at] = {key, place};
    ++size_;
  }

  /// `key` must be known.
  void erase(std::uint64_t key) {
    std::size_t hole = home(key);
    while (slots_[hole].key != key || slots_[hole].place == kNone) hole = next(hole);
    for (std::size_t at = next(hole); slots_[at].place != kNone; at = next(at)) {
      if (!reaches(slots_[at].key, hole, at)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
    --size_;
  }

 private:
  struct Slot {
    std::uint64_t key{};
    std::uint32_t place = kNone;
  };

  // Fibonacci hashing: the ids of a trace often count up, and the product's upper bits spread them.
  std::size_t home(std::uint64_t key) const { return (key * 0x9e3779b97f4a7c15ULL) >> shift_; }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }

  // Whether a key that sits `at` would also be found in the `hole` before it.
  bool reaches(std::uint64_t key, std::size_t hole, std::size_t at) const {
    const std::size_t mask = slots_.size() - 1;
    return ((at - home(key)) & mask) >= ((at - hole) & mask);
  }

  void grow() {
    const std::size_t slots = slots_.empty() ? 64 : 2 * slots_.size();
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
    shift_ = 64 - std::countr_zero(slots);
    size_ = 0;
    for (const Slot& slot : old) {
      if (slot.place != kNone) insert(slot.key, slot.place);
    }
  }

  std::vector<Slot> slots_;  // a power of two; at most half of them taken
  std::size_t size_ = 0;
  int shift_ = 64;
};

}  // namespace kvferry::sim
