#include "sim/decode_batch.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>
#include <tuple>

namespace kvferry::sim {

DecodeBatch::DecodeBatch(const Shape& shape)
    : shape_(shape),
      phases_(shape.grows_by_blocks ? static_cast<std::size_t>(shape.block_tokens) : 0) {}

bool DecodeBatch::FinishesEarlier::operator()(const Sequence* a, const Sequence* b) const {
  return std::tie(a->finish_iteration, a->admission_rank) <
         std::tie(b->finish_iteration, b->admission_rank);
}

bool DecodeBatch::AdmittedEarlier::operator()(const Sequence* a, const Sequence* b) const {
  return a->admission_rank < b->admission_rank;
}

// The token of an iteration goes to position context = base + iteration: a new block is needed when
// that is a multiple of the block size. The bases of sequences that joined late are negative.
std::size_t DecodeBatch::phase_of(std::int64_t iteration) const {
  const std::int64_t remainder = iteration % shape_.block_tokens;
  return static_cast<std::size_t>(remainder < 0 ? remainder + shape_.block_tokens : remainder);
}

bool DecodeBatch::window_grows(const Sequence& sequence) const {
  return shape_.window && context_of(sequence) + 1 < *shape_.window;
}

void DecodeBatch::add(Sequence& sequence) {
  assert(sequence.remaining > 0);
  sequence.context_base = sequence.context - iteration_;
  sequence.finish_iteration = iteration_ + sequence.remaining;
  base_sum_ += sequence.context_base;
  by_finish_.insert(&sequence);
  by_admission_.insert(&sequence);
  bases_.insert(sequence.context_base);
  if (shape_.grows_by_blocks) ++phases_[phase_of(-sequence.context_base)];
  if (window_grows(sequence)) {
    growing_bases_.insert(sequence.context_base);
    growing_base_sum_ += sequence.context_base;
  }
}

void DecodeBatch::remove(Sequence& sequence) {
  settle_windows();
  sequence.context = context_of(sequence);
  sequence.remaining = sequence.finish_iteration - iteration_;
  base_sum_ -= sequence.context_base;
  by_finish_.erase(&sequence);
  by_admission_.erase(&sequence);
  bases_.erase(bases_.find(sequence.context_base));
  if (shape_.grows_by_blocks) --phases_[phase_of(-sequence.context_base)];
  if (window_grows(sequence)) {
    growing_bases_.erase(growing_bases_.find(sequence.context_base));
    growing_base_sum_ -= sequence.context_base;
  }
}

void DecodeBatch::settle_windows() const {
  while (!growing_bases_.empty() && *growing_bases_.rbegin() + iteration_ + 1 >= *shape_.window) {
    growing_base_sum_ -= *growing_bases_.rbegin();
    growing_bases_.erase(std::prev(growing_bases_.end()));
  }
}

DecodeLoad DecodeBatch::load() const {
  if (empty()) return {};
  DecodeLoad load;
  load.sequences = size();
  load.kv_tokens = context_tokens() + size();
  load.longest_context = *bases_.rbegin() + iteration_;
  if (!shape_.window) return load;
  settle_windows();
  load.windowed_growing = static_cast<std::int64_t>(growing_bases_.size());
  load.windowed_kv_tokens = growing_base_sum_ + load.windowed_growing * (iteration_ + 1) +
                            (size() - load.windowed_growing) * *shape_.window;
  return load;
}

std::int64_t DecodeBatch::iterations_to_finish() const {
  return empty() ? 0 : (*by_finish_.begin())->finish_iteration - iteration_;
}

std::int64_t DecodeBatch::iterations_to_full_window() const {
  if (!shape_.window) return std::numeric_limits<std::int64_t>::max();
  settle_windows();
  if (growing_bases_.empty()) return std::numeric_limits<std::int64_t>::max();
  return *shape_.window - (*growing_bases_.rbegin() + iteration_);
}

std::int64_t DecodeBatch::blocks_needed(std::int64_t first, std::int64_t last) const {
  if (!shape_.grows_by_blocks || first >= last) return 0;
  const std::int64_t cycles = (last - first) / shape_.block_tokens;
  std::int64_t blocks = cycles * size();
  for (std::int64_t i = first + cycles * shape_.block_tokens; i < last; ++i)
    blocks += phases_[phase_of(iteration_ + i)];
  return blocks;
}

std::int64_t DecodeBatch::iterations_within(std::int64_t blocks, std::int64_t first,
                                            std::int64_t limit) const {
  if (!shape_.grows_by_blocks || empty()) return limit;
  std::int64_t iterations = blocks / size() * shape_.block_tokens;  // whole cycles
  if (iterations >= limit) return limit;
  std::int64_t left = blocks % size();
  while (iterations < limit) {
    left -= phases_[phase_of(iteration_ + first + iterations)];
    if (left < 0) break;
    ++iterations;
  }
  return iterations;
}

Sequence* DecodeBatch::take_finished() {
  if (empty() || (*by_finish_.begin())->finish_iteration > iteration_) return nullptr;
  Sequence* sequence = *by_finish_.begin();
  remove(*sequence);
  return sequence;
}

}  // namespace kvferry::sim
