// A full cache, by hand. Two requests of 160 + 100 tokens, which grow to 17 blocks of 16 tokens
// each, share a cache of 25 blocks. Both prompts take 10; the answers take one more each in
// iterations 0, 16 and 32, counted from 0: for the last of these one block is left.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/random_system.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;
constexpr std::int64_t kPrompt = 160;
constexpr std::int64_t kOutput = 100;
constexpr std::int64_t kLastContext = kPrompt + kOutput - 2;  // of the last iteration
constexpr std::int64_t kTogether = 32;                        // iterations until the cache is full

SimulationConfig small_cache(Preemption preemption, bool chunked) {
  SimulationConfig config = small_system();
  config.mode = Mode::colocated;
  config.decode.instances = 0;
  config.prefill.preemption = preemption;
  config.prefill.chunked_prefill = chunked;
  config.prefill.watermark = 0;
  fit_cache(config, config.prefill, 25.5 * 16);
  return config;
}

struct Pair {
  RequestRecord first;
  RequestRecord second;
  std::int64_t iterations;
};

Pair run(const SimulationConfig& config) {
  const auto result = simulate_isolated(
      config, std::vector{request(0, 0, kPrompt, kOutput), request(1, 0, kPrompt, kOutput)},
      *codec::make_raw_transfer());
  EXPECT_EQ(result.totals.kv_blocks_in_use, 0);
  return {result.records[0], result.records[1], result.totals.mixed_iterations};
}

// Iterations of a lone answer whose cache holds first ... kLastContext tokens.
double alone_s(const SimulationConfig& config, std::int64_t first) {
  double sum = 0;
  for (std::int64_t context = first; context <= kLastContext; ++context)
    sum += decode_s(config, context);
  return sum;
}

// Both prompts in one iteration, then both answers until the cache is full.
double together_s(const SimulationConfig& config) {
  const std::vector<PrefillItem> prompts(2, {kPrompt, 0});
  double sum = prefill_time(config).prefill(prompts).value;
  for (std::int64_t context = kPrompt; context < kPrompt + kTogether; ++context)
    sum += decode_time(config).decode({2, 2 * (context + 1), context}).value;
  return sum;
}

// The later one loses 192 tokens. When the first has ended, it computes these and its 193rd, which
// gives its next token, and goes on.
TEST(Preemption, RecomputesWhatTheLaterRequestLost) {
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked ? "chunked" : "whole");
    const SimulationConfig config = small_cache(Preemption::recompute, chunked);
    const Pair pair = run(config);
    const std::int64_t lost = kPrompt + kTogether;
    const double first = together_s(config) + alone_s(config, lost);
    EXPECT_NEAR(pair.first.finish.value, first, kTolerance_s);
    EXPECT_NEAR(pair.second.finish.value,
                first + prefill_s(config, lost + 1) + alone_s(config, lost + 1), kTolerance_s);
    EXPECT_EQ(pair.first.preemptions, 0);
    EXPECT_EQ(pair.second.preemptions, 1);
    EXPECT_EQ(pair.second.prefill_end, pair.first.prefill_end) << "the first time counts";
    EXPECT_EQ(pair.iterations, 1 + kTogether + 67 + 1 + 66);
  }
}

// Its 12 blocks of 16 * 131,072 bytes cross the host link at 50 GB/s before the iteration that
// needed their room, and again before its own next one.
TEST(Preemption, SwapsTheLaterRequestOutAndIn) {
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked ? "chunked" : "whole");
    const SimulationConfig config = small_cache(Preemption::swap, chunked);
    const Pair pair = run(config);
    const double swap = 12 * 16 * 131'072 / 50e9;
    const double first = together_s(config) + swap + alone_s(config, kPrompt + kTogether);
    EXPECT_NEAR(pair.first.finish.value, first, kTolerance_s);
    EXPECT_NEAR(pair.second.finish.value, first + swap + alone_s(config, kPrompt + kTogether),
                kTolerance_s);
    EXPECT_EQ(pair.first.preemptions, 0);
    EXPECT_EQ(pair.second.preemptions, 1);
    EXPECT_EQ(pair.iterations, 1 + kTogether + 67 + 67);
  }
}

// Whole answers are reserved: the second prompt waits for the first answer's end.
TEST(Preemption, NeverHoldsTheLaterRequestBack) {
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked ? "chunked" : "whole");
    const SimulationConfig config = small_cache(Preemption::never, chunked);
    const Pair pair = run(config);
    const double each = prefill_s(config, kPrompt) + alone_s(config, kPrompt);
    EXPECT_NEAR(pair.first.finish.value, each, kTolerance_s);
    EXPECT_EQ(pair.second.prefill_start, pair.first.finish);
    EXPECT_NEAR(pair.second.finish.value, 2 * each, kTolerance_s);
    EXPECT_EQ(pair.first.preemptions + pair.second.preemptions, 0);
  }
}

// In a decode pool: the second hand-off is let in, loses its cache, and is computed again there.
TEST(Preemption, ADecodeEngineComputesALostCacheItself) {
  SimulationConfig config = small_system();
  config.decode.watermark = 0;
  two_tier(config).link_bandwidth = {1e15};
  fit_cache(config, config.decode, 25.5 * 16);
  const auto result = simulate_isolated(
      config, std::vector{request(0, 0, kPrompt, kOutput), request(1, 0, kPrompt, kOutput)},
      *codec::make_raw_transfer());
  const std::int64_t lost = kPrompt + kTogether;
  const std::vector<PrefillItem> prompts(2, {kPrompt, 0});
  const double handoff = (result.records[0].kv_ready - result.records[0].prefill_end).value;
  const double first = together_s(config) + handoff + alone_s(config, lost);
  EXPECT_EQ(result.records[0].kv_ready, result.records[1].kv_ready);
  EXPECT_NEAR(result.records[0].finish.value, first, kTolerance_s);
  EXPECT_NEAR(result.records[1].finish.value,
              first + prefill_s(config, lost + 1) + alone_s(config, lost + 1), kTolerance_s);
  EXPECT_EQ(result.records[1].preemptions, 1);
}

}  // namespace
}  // namespace kvferry::sim
