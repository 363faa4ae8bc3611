// What a cached prefix saves: its computation, and its part of the hand-off.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;
constexpr std::int64_t kKeyTokens = 48;
constexpr std::int64_t kKvBytesPerToken = 131'072;

SimulationConfig caching_system() {
  SimulationConfig config = small_system();
  config.key_tokens = kKeyTokens;
  for (PoolConfig* pool : {&config.prefill, &config.decode}) {
    pool->prefix_caching = true;
    pool->kv_block_tokens = 16;
  }
  return config;
}

/// A prompt of which the first `shared` blocks are the same in all.
workloads::Request prompt(std::int64_t id, double arrival_s, std::int64_t tokens,
                          std::int64_t shared) {
  workloads::Request next = request(id, arrival_s, tokens, 3);
  for (std::int64_t i = 0; i < (tokens + kKeyTokens - 1) / kKeyTokens; ++i) {
    const std::int64_t owner = i < shared ? 0 : 1 + id;
    next.prefix_blocks.push_back(static_cast<std::uint64_t>(1'000'000 * owner + i));
  }
  return next;
}

/// The second of two prompts, long after the first has ended.
RequestRecord second_of_two(const SimulationConfig& config, std::int64_t tokens,
                            std::int64_t shared) {
  return simulate_isolated(
             config, std::vector{prompt(0, 0, tokens, shared), prompt(1, 100, tokens, shared)},
             *codec::make_raw_transfer())
      .records[1];
}

void expect_costs(const SimulationConfig& config, const RequestRecord& record, PrefillItem item) {
  EXPECT_EQ(record.cached_tokens, item.cached_tokens);
  EXPECT_NEAR((record.prefill_end - record.prefill_start).value,
              prefill_time(config).parts({&item, 1}, {}).total.value, kTolerance_s);
}

void expect_sends(const RequestRecord& record, std::int64_t tokens) {
  EXPECT_EQ(record.kv_raw.value, tokens * kKvBytesPerToken);
  EXPECT_EQ(record.kv_wire, record.kv_raw);
  EXPECT_NEAR((record.kv_ready - record.prefill_end).value,
              static_cast<double>(tokens * kKvBytesPerToken) / 10e9, kTolerance_s);
}

// 20 full blocks of 48 tokens are cached; the 40 tokens behind them fill none.
TEST(PrefixHit, AnIdenticalPromptCostsItsTailOnly) {
  const SimulationConfig config = caching_system();
  const RequestRecord record = second_of_two(config, 1000, 21);
  expect_costs(config, record, {40, 960});
  expect_sends(record, 40);
}

// Everything is cached, but one token must be computed to have the next.
TEST(PrefixHit, AnAllHitPromptCostsOneToken) {
  const SimulationConfig config = caching_system();
  const RequestRecord record = second_of_two(config, 960, 20);
  expect_costs(config, record, {1, 959});
  expect_sends(record, 1);
}

TEST(PrefixHit, ASharedBeginningCostsTheUncachedSuffix) {
  const SimulationConfig config = caching_system();
  const RequestRecord record = second_of_two(config, 1000, 5);
  expect_costs(config, record, {1000 - 240, 240});
  expect_sends(record, 1000 - 240);
}

TEST(PrefixHit, WithoutSkippingAllIsSentAgain) {
  SimulationConfig config = caching_system();
  config.transfer.skip_cached = false;
  const RequestRecord record = second_of_two(config, 1000, 21);
  expect_costs(config, record, {40, 960});
  expect_sends(record, 1000);
}

TEST(PrefixHit, WhatTheDecodeSideDoesNotKeepIsSentAgain) {
  SimulationConfig config = caching_system();
  config.decode.prefix_caching = false;
  const RequestRecord record = second_of_two(config, 1000, 21);
  expect_costs(config, record, {40, 960});
  expect_sends(record, 1000);
}

TEST(PrefixHit, WhatThePrefillSideDoesNotKeepIsComputedAgain) {
  SimulationConfig config = caching_system();
  config.prefill.prefix_caching = false;
  const RequestRecord record = second_of_two(config, 1000, 21);
  expect_costs(config, record, {1000, 0});
  expect_sends(record, 40);
}

}  // namespace
}  // namespace kvferry::sim
