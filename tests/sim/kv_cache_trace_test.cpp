// A cache that sees prompts one after the other, each gone before the next, is a cache evicting by
// least recent use, whose hits on a published trace are known. That trace is not part of this
// repository: the tests skip, loudly, where it is absent.
#include "sim/kv_cache.hpp"
#include "workloads/trace.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

namespace kvferry::sim {
namespace {

const std::string kConversation = KVFERRY_SHARED_FILES "/traces/mooncake/conversation_trace.jsonl";
constexpr std::int64_t kTokens = 512;
constexpr std::int64_t kUnlimited = 1'000'000'000;

#define KVFERRY_NEEDS(path)           \
  if (!std::filesystem::exists(path)) \
  GTEST_SKIP() << "NOT TESTED: the published trace " << (path) << " is not here"

// Hit blocks over all prompts, each counted as if it filled its last block.
std::int64_t hit_blocks(const workloads::Trace& trace, std::int64_t capacity, EvictFirst first) {
  KvCache cache({capacity, kTokens, kTokens, first});
  std::int64_t hits = 0;
  for (const workloads::Request& request : trace.requests) {
    const auto& keys = request.prefix_blocks;
    const std::int64_t tokens = kTokens * static_cast<std::int64_t>(keys.size());
    auto holding = cache.take(keys, tokens, tokens);
    if (!holding) ADD_FAILURE() << "an idle cache holds every prompt of this trace";
    if (!holding) return 0;
    hits += cache.blocks_for(holding->cached_tokens());
    cache.publish(*holding, keys);
    cache.release(std::move(*holding));
  }
  EXPECT_EQ(cache.used(), 0);
  return hits;
}

// 105,710 of 288,500 blocks are repetitions; with room for 10,000 blocks, evicting by least recent
// use finds 60,921 of them. Counted independently of this program.
TEST(KvCacheOnATrace, EvictsByLeastRecentUse) {
  KVFERRY_NEEDS(kConversation);
  const auto trace = workloads::read_trace(kConversation, workloads::TraceFormat::mooncake, {});
  EXPECT_EQ(hit_blocks(trace, kUnlimited, EvictFirst::head), 105'710);
  EXPECT_EQ(hit_blocks(trace, kUnlimited, EvictFirst::tail), 105'710);
  EXPECT_EQ(hit_blocks(trace, 10'000, EvictFirst::head), 60'921);
}

TEST(KvCacheOnATrace, EvictsTheTailsOfPromptsFirst) {
  KVFERRY_NEEDS(kConversation);
  const auto trace = workloads::read_trace(kConversation, workloads::TraceFormat::mooncake, {});
  EXPECT_EQ(hit_blocks(trace, 10'000, EvictFirst::tail), 61'046);
}

// With the true lengths, and the last block of a prompt shareable although it is not full: 0.3736
// of all prompt tokens, to the four digits it was published with.
TEST(KvCacheOnATrace, FindsTheKnownShareOfTokens) {
  KVFERRY_NEEDS(kConversation);
  const auto trace = workloads::read_trace(kConversation, workloads::TraceFormat::mooncake, {});
  KvCache cache({kUnlimited, 16, kTokens, EvictFirst::tail, true});
  std::int64_t hits = 0;
  std::int64_t tokens = 0;
  for (const workloads::Request& request : trace.requests) {
    auto holding = cache.take(request.prefix_blocks, request.input_tokens, request.input_tokens);
    ASSERT_TRUE(holding);
    hits += holding->cached_tokens();
    tokens += request.input_tokens;
    cache.publish(*holding, request.prefix_blocks);
    cache.release(std::move(*holding));
  }
  EXPECT_NEAR(static_cast<double>(hits) / static_cast<double>(tokens), 0.3736, 0.00005);
}

}  // namespace
}  // namespace kvferry::sim
