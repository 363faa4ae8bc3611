// The decode batch's closed forms against a plain list of sequences, over random operations.
#include "sim/decode_batch.hpp"

#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

struct Plain {
  Sequence* sequence;
  std::int64_t context;
  std::int64_t remaining;
};

/// What the batch should answer, found by looking at every sequence and iteration.
class PlainBatch {
 public:
  explicit PlainBatch(const DecodeBatch::Shape& shape) : shape_(shape) {}

  std::vector<Plain>& sequences() { return sequences_; }

  DecodeLoad load_after(std::int64_t iterations) const {
    DecodeLoad load;
    for (const Plain& one : sequences_) add_sequence(load, one.context + iterations, shape_.window);
    if (!shape_.window) load.windowed_kv_tokens = load.windowed_growing = 0;
    return load;
  }

  std::int64_t iterations_to_finish() const {
    std::int64_t least = sequences_.empty() ? 0 : std::numeric_limits<std::int64_t>::max();
    for (const Plain& one : sequences_) least = std::min(least, one.remaining);
    return least;
  }

  std::int64_t iterations_to_full_window() const {
    const DecodeLoad now = load_after(0);
    if (now.windowed_growing == 0) return std::numeric_limits<std::int64_t>::max();
    std::int64_t k = 1;
    while (load_after(k).windowed_kv_tokens == now.windowed_kv_tokens + k * now.windowed_growing)
      ++k;
    return k;
  }

  // A token's block is new when all before it are full.
  std::int64_t blocks_needed(std::int64_t first, std::int64_t last) const {
    std::int64_t blocks = 0;
    for (const Plain& one : sequences_) {
      for (std::int64_t i = first; i < last && shape_.grows_by_blocks; ++i)
        blocks += (one.context + i) % shape_.block_tokens == 0 ? 1 : 0;
    }
    return blocks;
  }

  std::int64_t iterations_within(std::int64_t blocks, std::int64_t first,
                                 std::int64_t limit) const {
    std::int64_t n = 0;
    while (n < limit && blocks_needed(first, first + n + 1) <= blocks) ++n;
    return n;
  }

  void advance(std::int64_t iterations) {
    for (Plain& one : sequences_) {
      one.context += iterations;
      one.remaining -= iterations;
    }
  }

 private:
  DecodeBatch::Shape shape_;
  std::vector<Plain> sequences_;
};

void expect_equal(const DecodeLoad& a, const DecodeLoad& b) {
  EXPECT_EQ(a.sequences, b.sequences);
  EXPECT_EQ(a.kv_tokens, b.kv_tokens);
  EXPECT_EQ(a.longest_context, b.longest_context);
  EXPECT_EQ(a.windowed_kv_tokens, b.windowed_kv_tokens);
  EXPECT_EQ(a.windowed_growing, b.windowed_growing);
}

/// Both batches, and the same operations on each.
class BothBatches {
 public:
  BothBatches(const DecodeBatch::Shape& shape, std::uint64_t seed)
      : batch_(shape), plain_(shape), random_(seed, "decode batch") {}

  void step() {
    if (random_.below(2) == 0) add();
    if (random_.below(2) == 0) advance();
    if (random_.below(6) == 0 && !batch_.empty()) remove_latest();
    compare();
  }

 private:
  std::int64_t below(std::uint64_t bound) {
    return static_cast<std::int64_t>(random_.below(bound));
  }

  void add() {
    Sequence& sequence = all_.emplace_back();
    sequence.context = below(60);
    sequence.remaining = 1 + below(40);
    sequence.admission_rank = static_cast<std::int64_t>(all_.size());
    batch_.add(sequence);
    plain_.sequences().push_back({&sequence, sequence.context, sequence.remaining});
  }

  void advance() {
    const std::int64_t most = plain_.iterations_to_finish();
    const std::int64_t iterations = most == 0 ? 0 : 1 + below(static_cast<std::uint64_t>(most));
    batch_.advance(iterations);
    plain_.advance(iterations);
    std::vector<Plain>& left = plain_.sequences();
    for (auto done = left.begin(); done != left.end();) {  // in order of admission
      if (done->remaining > 0) {
        ++done;
        continue;
      }
      EXPECT_EQ(batch_.take_finished(), done->sequence);
      EXPECT_EQ(done->sequence->context, done->context);
      done = left.erase(done);
    }
    EXPECT_EQ(batch_.take_finished(), nullptr);
  }

  void remove_latest() {
    const Plain latest = plain_.sequences().back();
    plain_.sequences().pop_back();
    ASSERT_EQ(&batch_.latest(), latest.sequence);
    batch_.remove(*latest.sequence);
    EXPECT_EQ(latest.sequence->context, latest.context);
    EXPECT_EQ(latest.sequence->remaining, latest.remaining);
  }

  void compare() {
    expect_equal(batch_.load(), plain_.load_after(0));
    EXPECT_EQ(batch_.iterations_to_finish(), plain_.iterations_to_finish());
    EXPECT_EQ(batch_.iterations_to_full_window(), plain_.iterations_to_full_window());
    const std::int64_t first = below(3);
    const std::int64_t last = below(80);
    EXPECT_EQ(batch_.blocks_needed(first, last), plain_.blocks_needed(first, last));
    const std::int64_t blocks = below(30);
    const std::int64_t limit = below(80);
    EXPECT_EQ(batch_.iterations_within(blocks, first, limit),
              batch_.empty() ? limit : plain_.iterations_within(blocks, first, limit));
  }

  DecodeBatch batch_;
  PlainBatch plain_;
  RandomStream random_;
  std::deque<Sequence> all_;
};

TEST(DecodeBatch, AgreesWithAListOfSequences) {
  std::uint64_t seed = 0;
  for (const std::int64_t block_tokens : {1, 5, 16}) {
    for (const bool grows : {true, false}) {
      for (const auto window : {std::optional<std::int64_t>{}, {1}, {24}, {50}}) {
        SCOPED_TRACE("seed " + std::to_string(++seed));
        BothBatches both({block_tokens, grows, window}, seed);
        for (int i = 0; i < 400 && !::testing::Test::HasFailure(); ++i) both.step();
      }
    }
  }
}

}  // namespace
}  // namespace kvferry::sim
