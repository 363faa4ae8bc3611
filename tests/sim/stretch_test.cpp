// Stretches of iterations against counting them one by one, and the gaps between tokens against
// those of each sequence on its own.
#include "sim/stretch.hpp"

#include "sim/base/random.hpp"
#include "sim/token_gaps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <vector>

namespace kvferry::sim {
namespace {

std::int64_t counted_ends(const Stretch& stretch, Seconds date) {
  std::int64_t ended = 0;
  while (ended < stretch.length() && stretch.end_of(ended + 1) <= date) ++ended;
  return ended;
}

std::int64_t counted_boundary(const Stretch& stretch, Seconds date) {
  std::int64_t iterations = 1;
  while (iterations < stretch.length() && stretch.end_of(iterations) < date) ++iterations;
  return iterations;
}

void expect_counts(const Stretch& stretch, Seconds date) {
  EXPECT_EQ(stretch.ended_by(date), counted_ends(stretch, date)) << date.value;
  EXPECT_EQ(stretch.next_boundary(date), counted_boundary(stretch, date)) << date.value;
}

// At every boundary, the last double before it and the first behind it, and in between.
void expect_counts_everywhere(const Stretch& stretch) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  for (std::int64_t k = 0; k <= stretch.length(); ++k) {
    const double end = stretch.end_of(k).value;
    if (k > 0) expect_counts(stretch, {std::nextafter(end, 0.0)});
    expect_counts(stretch, {end});
    expect_counts(stretch, {std::nextafter(end, kFar)});
    if (k < stretch.length()) expect_counts(stretch, {(end + stretch.end_of(k + 1).value) / 2});
  }
}

TEST(Stretch, CountsTheIterationsOfASeries) {
  RandomStream random(1, "stretch");
  for (int i = 0; i < 300; ++i) {
    const Seconds start{i == 0 ? 0 : 1e5 * random.uniform()};
    const DecodeSeries series{{1e-3 + 0.1 * random.uniform()},
                              {i % 3 == 0 ? 0 : 1e-5 * random.uniform()}};
    Stretch stretch(start, series, static_cast<std::int64_t>(1 + random.below(60)));
    double end = start.value;
    for (std::int64_t k = 0; k < stretch.length(); ++k) {
      end += series.first.value + static_cast<double>(k) * series.step.value;
      EXPECT_NEAR(stretch.end_of(k + 1).value, end, 1e-12 * end);
    }
    expect_counts_everywhere(stretch);
    stretch.shorten((stretch.length() + 1) / 2);
    expect_counts_everywhere(stretch);
  }
}

TEST(Stretch, CountsIterationsOfUnequalLength) {
  RandomStream random(2, "stretch");
  for (int i = 0; i < 100; ++i) {
    std::vector<Seconds> ends;
    Seconds end{100 * random.uniform()};
    const Seconds start = end;
    const std::uint64_t length = 1 + random.below(40);
    while (ends.size() < length) ends.push_back(end += Seconds{0.1 * random.uniform()});
    Stretch stretch(start, ends);
    EXPECT_EQ(stretch.end_of(static_cast<std::int64_t>(length)), ends.back());
    expect_counts_everywhere(stretch);
    stretch.shorten((stretch.length() + 1) / 2);
    expect_counts_everywhere(stretch);
  }
}

TEST(Stretch, AMillionIterationsCountExactlyAtTheirBoundaries) {
  const Stretch stretch({12'345.678}, {{7.1e-3}, {3.3e-9}}, 1'000'000);
  for (std::int64_t k = 1; k <= stretch.length(); k += 9'973) {
    EXPECT_EQ(stretch.ended_by(stretch.end_of(k)), k);
    EXPECT_EQ(stretch.next_boundary(stretch.end_of(k)), k);
    EXPECT_EQ(stretch.ended_by({std::nextafter(stretch.end_of(k).value, 0.0)}), k - 1);
  }
}

/// An answer with the dates of its own tokens.
struct Answer {
  LiveRequest request;
  Seconds latest{kNever};  ///< kNever: it has had none
  bool fresh = true;
};

/// A decode batch whose answers come and go between runs of iterations.
class Answers {
 public:
  explicit Answers(std::uint64_t seed) : random_(seed, "token gaps"), gaps_(sink_) {}

  void run() {
    come_and_go();
    if (answers_.empty()) return;
    if (random_.below(3) == 0) now_ += Seconds{random_.uniform()};  // prompts run
    const DecodeSeries series{{0.01 + 0.01 * random_.uniform()}, {1e-5 * random_.uniform()}};
    const Stretch stretch(now_, series, static_cast<std::int64_t>(1 + random_.below(5)));
    give_tokens(stretch);
    const std::int64_t n = stretch.length();
    std::vector<Sequence*> fresh;
    for (Answer* answer : answers_) {
      if (answer->fresh) fresh.push_back(&answer->request.at_decode);
    }
    gaps_.ended(
        {stretch.start(), series, n, static_cast<std::int64_t>(answers_.size()), stretch.end_of(1),
         stretch.end_of(std::min<std::int64_t>(n, 2)), stretch.end_of(n)},
        fresh);
    for (Answer* answer : answers_) {
      answer->fresh = false;
      EXPECT_NE(answer->request.record.first_token, kNever);
    }
    now_ = stretch.end_of(n);
  }

  void expect_same_gaps() {
    std::vector<double> reported;
    for (const TokenGapRun& run : sink_.take({}).token_gaps) {
      for (std::int64_t k = 0; k < run.gaps; ++k)
        reported.insert(reported.end(), static_cast<std::size_t>(run.sequences),
                        run.first_gap.value + static_cast<double>(k) * run.step.value);
    }
    std::sort(reported.begin(), reported.end());
    std::sort(expected_.begin(), expected_.end());
    ASSERT_EQ(reported.size(), expected_.size());
    for (std::size_t i = 0; i < reported.size(); ++i) ASSERT_NEAR(reported[i], expected_[i], 1e-12);
  }

 private:
  void come_and_go() {
    std::erase_if(answers_, [&](const Answer*) { return random_.below(4) == 0; });
    for (std::uint64_t n = random_.below(3); n > 0; --n) {
      Answer& answer = all_.emplace_back();
      answer.request.at_decode.owner = &answer.request;
      const std::uint64_t kind = random_.below(3);  // its first token: now, some time ago, not yet
      if (kind < 2) {
        answer.latest = now_ - Seconds{kind == 0 ? 0 : random_.uniform()};
        answer.request.record.first_token = answer.latest;
        answer.request.at_decode.last_token = answer.latest;
      }
      answers_.push_back(&answer);
    }
  }

  void give_tokens(const Stretch& stretch) {
    for (Answer* answer : answers_) {
      for (std::int64_t k = 1; k <= stretch.length(); ++k) {
        const Seconds date = stretch.end_of(k);
        if (answer->latest != kNever) expected_.push_back((date - answer->latest).value);
        answer->latest = date;
      }
    }
  }

  RandomStream random_;
  CollectingSink sink_;
  TokenGaps gaps_;
  std::deque<Answer> all_;
  std::vector<Answer*> answers_;
  std::vector<double> expected_;
  Seconds now_{3};
};

TEST(TokenGaps, AreThoseOfEachSequenceOnItsOwn) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Answers answers(seed);
    for (int i = 0; i < 40; ++i) answers.run();
    answers.expect_same_gaps();
  }
}

// A cache that is computed again gives one token, one gap after the latest.
TEST(TokenGaps, ARecomputedCacheEndsOneGap) {
  CollectingSink sink;
  TokenGaps gaps(sink);
  LiveRequest request;
  request.at_decode.owner = &request;
  request.record.first_token = {1};
  request.record.first_decode_step = {1.5};
  request.at_decode.last_token = {2};
  gaps.recomputed(request.at_decode, {5});
  EXPECT_EQ(request.at_decode.last_token.value, 5);
  EXPECT_EQ(request.record.first_decode_step.value, 1.5);
  const SimulationResult result = sink.take({});
  ASSERT_EQ(result.token_gaps.size(), 1U);
  EXPECT_EQ(result.token_gaps.front().first_gap.value, 3);
  EXPECT_EQ(result.token_gaps.front().sequences, 1);
}

}  // namespace
}  // namespace kvferry::sim
