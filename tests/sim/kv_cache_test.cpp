#include "sim/kv_cache.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::sim {
namespace {

using Keys = std::vector<BlockKey>;

// One prompt that comes and goes; the tokens it found.
std::int64_t serve(KvCache& cache, const Keys& keys, std::int64_t prompt_tokens) {
  std::optional<KvCache::Holding> holding = cache.take(keys, prompt_tokens, prompt_tokens);
  EXPECT_TRUE(holding);
  if (!holding) return -1;
  const std::int64_t cached = holding->cached_tokens();
  cache.publish(*holding, keys);
  cache.release(std::move(*holding));
  return cached;
}

// Blocks of one token and one key: prompts are sequences of letters.
KvCache letters(std::int64_t capacity, EvictFirst first = EvictFirst::head) {
  return KvCache({capacity, 1, 1, first});
}

std::int64_t serve(KvCache& cache, const std::string& prompt) {
  return serve(cache, Keys(prompt.begin(), prompt.end()), static_cast<std::int64_t>(prompt.size()));
}

TEST(KvCache, WithoutKeysItCountsBlocks) {
  KvCache cache({10, 16});
  auto three = cache.take({}, 33, 33);
  ASSERT_TRUE(three);
  EXPECT_EQ(three->cached_tokens(), 0);
  EXPECT_EQ(cache.used(), 3);
  EXPECT_TRUE(cache.try_take_blocks(7));
  EXPECT_FALSE(cache.try_take_blocks(1));
  EXPECT_FALSE(cache.take({}, 1, 1));
  cache.publish(*three, {});
  cache.release(std::move(*three));
  EXPECT_EQ(cache.available(), 3);
  EXPECT_EQ(cache.cached(), 0) << "nothing has a name";
  cache.give_back_blocks(7);
  EXPECT_EQ(cache.used(), 0);
  EXPECT_TRUE(cache.can_ever_hold(160));
  EXPECT_FALSE(cache.can_ever_hold(161));
}

TEST(KvCache, ANewHoldingHoldsNothing) {
  KvCache cache({10, 16});
  KvCache::Holding none;
  cache.release(std::move(none));
  EXPECT_EQ(cache.used(), 0);
}

TEST(KvCache, KeysAreIgnoredWithoutPrefixCaching) {
  KvCache cache({10, 16});
  EXPECT_EQ(serve(cache, Keys{1, 2}, 32), 0);
  EXPECT_EQ(serve(cache, Keys{1, 2}, 32), 0);
}

TEST(KvCache, FindsWhatWasPublishedAndNothingElse) {
  KvCache cache({10, 16, 16});
  const Keys keys{1, 2, 3};
  auto holding = cache.take(keys, 40, 40);
  ASSERT_TRUE(holding);
  EXPECT_EQ(cache.cached_tokens(keys, 40), 0) << "taken, but not computed";
  cache.publish(*holding, keys);
  EXPECT_EQ(cache.cached_tokens(keys, 40), 32) << "the third block is not full";
  EXPECT_EQ(cache.cached_tokens(Keys{1, 7, 3}, 40), 16);
  EXPECT_EQ(cache.cached_tokens(Keys{7, 2, 3}, 40), 0);
  cache.release(std::move(*holding));
  EXPECT_EQ(cache.cached_tokens(keys, 40), 32);
  EXPECT_EQ(cache.used(), 0);
  EXPECT_EQ(cache.cached(), 2);
}

TEST(KvCache, LeavesATokenToCompute) {
  KvCache cache({10, 16, 16});
  EXPECT_EQ(serve(cache, Keys{1, 2}, 32), 0);
  EXPECT_EQ(serve(cache, Keys{1, 2}, 32), 31);
  EXPECT_EQ(serve(cache, Keys{1, 2, 3}, 33), 32);
}

TEST(KvCache, SharesAPartialTailOnlyWhenAskedTo) {
  KvCache cache({10, 16, 16, EvictFirst::tail, true});
  EXPECT_EQ(serve(cache, Keys{1, 2, 3}, 40), 0);
  EXPECT_EQ(serve(cache, Keys{1, 2, 3}, 40), 39);
  EXPECT_EQ(cache.cached(), 3);
}

TEST(KvCache, SequencesShareTheBlocksOfACommonPrefix) {
  KvCache cache({5, 16, 16});
  const Keys first{1, 2, 3};
  const Keys second{1, 2, 4};
  auto a = cache.take(first, 48, 48);
  ASSERT_TRUE(a);
  cache.publish(*a, first);
  auto b = cache.take(second, 64, 48);
  ASSERT_TRUE(b) << "two shared, two of its own";
  EXPECT_EQ(cache.used(), 5);
  EXPECT_EQ(b->cached_tokens(), 32);
  cache.release(std::move(*a));
  EXPECT_EQ(cache.used(), 4) << "the shared ones are still held";
  EXPECT_FALSE(cache.try_take_blocks(2));
  EXPECT_TRUE(cache.try_take_blocks(1));
  EXPECT_EQ(cache.cached_tokens(first, 48), 32) << "its third block made room";
}

TEST(KvCache, KeepsOneCopyOfWhatTwoComputed) {
  KvCache cache({10, 16, 16});
  const Keys keys{1, 2};
  auto a = cache.take(keys, 40, 33);
  auto b = cache.take(keys, 40, 33);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(cache.used(), 6);
  cache.publish(*a, keys);
  cache.publish(*b, keys);
  EXPECT_EQ(cache.used(), 4) << "two shared, and the tail of each";
  cache.release(std::move(*a));
  EXPECT_EQ(cache.used(), 3);
  cache.release(std::move(*b));
  EXPECT_EQ(cache.used(), 0);
  EXPECT_EQ(cache.cached(), 2);
}

TEST(KvCache, APromptThatDiesUnpublishedLeavesNothing) {
  KvCache cache({10, 16, 16});
  const Keys keys{1, 2};
  auto holding = cache.take(keys, 32, 32);
  ASSERT_TRUE(holding);
  cache.release(std::move(*holding));
  EXPECT_EQ(cache.available(), 10);
  EXPECT_EQ(cache.cached(), 0);
}

// Room for four letters, least recent first:
//   abc -> a b c; d -> a b c d; ab finds ab -> c d a b; ef evicts c, d -> a b e f;
//   abg finds ab, g evicts e -> f a b g; f is found.
TEST(KvCache, EvictsTheLeastRecentlyUsed) {
  KvCache cache = letters(4);
  EXPECT_EQ(serve(cache, "abc"), 0);
  EXPECT_EQ(serve(cache, "d"), 0);
  EXPECT_EQ(serve(cache, "ab"), 1) << "both, but one token is left to compute";
  EXPECT_EQ(serve(cache, "ef"), 0);
  EXPECT_EQ(serve(cache, "abg"), 2);
  EXPECT_EQ(cache.cached_tokens(Keys{'f', 'x'}, 2), 1);
  EXPECT_EQ(cache.cached_tokens(Keys{'e', 'x'}, 2), 0);
}

// abc -> a b c, then x evicts a. For abc again a is missing: its place is that of b, the oldest,
// which therefore is missing in its turn and takes that of c, and c that of x.
TEST(KvCache, MakingRoomMayEvictTheSamePromptsLaterBlocks) {
  KvCache cache = letters(3);
  EXPECT_EQ(serve(cache, "abc"), 0);
  EXPECT_EQ(serve(cache, "x"), 0);
  EXPECT_EQ(serve(cache, "abc"), 0);
  EXPECT_EQ(cache.cached_tokens(Keys{'x', 'y'}, 2), 0);
  EXPECT_EQ(cache.cached_tokens(Keys{'a', 'b', 'c', 'd'}, 4), 3);
}

// Room for five: abc, then xyz, which evicts a, then c leave b x y z c. For abcd the missing a takes
// the place of b, the then missing b that of x; c is there and costs no place; d takes that of y.
TEST(KvCache, CachedBlocksAfterAMissAreKeptButNotCounted) {
  KvCache cache = letters(5);
  serve(cache, "abc");
  serve(cache, "xyz");
  serve(cache, "c");
  EXPECT_EQ(serve(cache, "abcd"), 0);
  EXPECT_EQ(cache.cached_tokens(Keys{'a', 'b', 'c', 'd', 'e'}, 5), 4);
  EXPECT_EQ(cache.cached_tokens(Keys{'y', 'e'}, 2), 0);
  EXPECT_EQ(cache.cached_tokens(Keys{'z', 'e'}, 2), 1);
}

TEST(KvCache, EvictsTheTailOfAPromptFirstAsVllmDoes) {
  KvCache cache = letters(4, EvictFirst::tail);
  serve(cache, "abcd");
  serve(cache, "x");
  EXPECT_EQ(cache.cached_tokens(Keys{'a', 'b', 'c', 'd', 'e'}, 5), 3);
  KvCache by_head = letters(4, EvictFirst::head);
  serve(by_head, "abcd");
  serve(by_head, "x");
  EXPECT_EQ(by_head.cached_tokens(Keys{'a', 'b', 'c', 'd', 'e'}, 5), 0);
}

TEST(KvCache, AKeyCanStandForSeveralBlocks) {
  KvCache cache({100, 16, 512});
  EXPECT_EQ(serve(cache, Keys{1, 2}, 700), 0);
  EXPECT_EQ(cache.cached(), 32) << "512 of 700 tokens: the second key is not full";
  EXPECT_EQ(serve(cache, Keys{1, 2}, 700), 512);
  EXPECT_TRUE(cache.try_take_blocks(69));
  EXPECT_EQ(cache.cached(), 0) << "evicted as a whole";
  EXPECT_EQ(cache.available(), 31);
}

TEST(KvCache, ABlockCanSpanSeveralKeys) {
  KvCache cache({100, 64, 16});
  const Keys keys{1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(serve(cache, keys, 144), 0);
  EXPECT_EQ(cache.cached(), 2) << "the ninth key is alone in its block";
  EXPECT_EQ(serve(cache, keys, 144), 128);
  EXPECT_EQ(serve(cache, Keys{0, 0, 0, 4, 0}, 80), 64) << "chained: the fourth names all four";
}

TEST(KvCache, KnowsWhichSizesGoTogether) {
  EXPECT_TRUE(compatible(16, 0));
  EXPECT_TRUE(compatible(16, 512));
  EXPECT_TRUE(compatible(64, 16));
  EXPECT_FALSE(compatible(16, 24));
  EXPECT_FALSE(compatible(48, 32));
}

// The same key, 512 tokens here and 100 there: the trace contradicts itself, the cache does not.
TEST(KvCache, AKeyOfAnotherLengthIsNotShared) {
  KvCache cache({100, 16, 512, EvictFirst::tail, true});
  EXPECT_EQ(serve(cache, Keys{1}, 100), 0);
  EXPECT_EQ(serve(cache, Keys{1}, 512), 0);
  EXPECT_EQ(serve(cache, Keys{1}, 100), 99);
  EXPECT_EQ(cache.cached(), 7);
}

}  // namespace
}  // namespace kvferry::sim
