// The sequences that get a token each with every decode iteration of an engine, and what the next
// iterations will ask for, in closed form.
//
// All advance together: a sequence's context is a constant plus the number of iterations so far, so
// sums, the next one to finish and the blocks that are needed come without looking at each.
#pragma once

#include "sim/iteration_time.hpp"
#include "sim/live_request.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace kvferry::sim {

class DecodeBatch {
 public:
  struct Shape {
    std::int64_t block_tokens;
    bool grows_by_blocks;  ///< false: the blocks of whole answers are taken in advance
    std::optional<std::int64_t> window;  ///< of the model's sliding attention
  };
  explicit DecodeBatch(const Shape& shape);

  /// @pre context and remaining of the sequence are set, remaining above zero
  void add(Sequence& sequence);
  /// Writes context and remaining back.
  void remove(Sequence& sequence);

  std::int64_t size() const { return static_cast<std::int64_t>(by_finish_.size()); }
  bool empty() const { return by_finish_.empty(); }
  /// Of the next iteration.
  DecodeLoad load() const;
  /// Tokens in the KV caches.
  std::int64_t context_tokens() const { return base_sum_ + size() * iteration_; }
  std::int64_t context_of(const Sequence& sequence) const {
    return sequence.context_base + iteration_;
  }
  /// The one that was let in last. @pre not empty
  Sequence& latest() const { return **by_admission_.rbegin(); }

  /// Iterations until the first sequence is done, or none when empty.
  std::int64_t iterations_to_finish() const;
  /// Iterations for which load() grows by the same amount each time.
  std::int64_t iterations_to_full_window() const;
  /// New blocks that iterations first ... last - 1, counted from the next one, take together.
  std::int64_t blocks_needed(std::int64_t first, std::int64_t last) const;
  /// How many iterations, from number `first` on, `blocks` new blocks are enough for; at most
  /// `limit`.
  std::int64_t iterations_within(std::int64_t blocks, std::int64_t first, std::int64_t limit) const;

  void advance(std::int64_t iterations) { iteration_ += iterations; }
  /// Takes out a sequence that is done, those let in earlier first; nullptr when there is none.
  Sequence* take_finished();

 private:
  struct FinishesEarlier {
    bool operator()(const Sequence* a, const Sequence* b) const;
  };
  struct AdmittedEarlier {
    bool operator()(const Sequence* a, const Sequence* b) const;
  };
  std::size_t phase_of(std::int64_t iteration) const;
  bool window_grows(const Sequence& sequence) const;
  void settle_windows() const;

  Shape shape_;
  std::int64_t iteration_ = 0;
  std::int64_t base_sum_ = 0;
  std::set<Sequence*, FinishesEarlier> by_finish_;
  std::set<Sequence*, AdmittedEarlier> by_admission_;
  std::multiset<std::int64_t> bases_;
  /// Sequences that need a new block in iterations congruent to the index, modulo the block size.
  std::vector<std::int64_t> phases_;
  /// Bases of sequences whose window is not full; some may have become full since the last look.
  mutable std::multiset<std::int64_t> growing_bases_;
  mutable std::int64_t growing_base_sum_ = 0;
};

}  // namespace kvferry::sim
