// One or two requests through the whole system, against times worked out by hand.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;
constexpr double kKvBytesPerToken = 131'072;

SimulationResult run_raw(const SimulationConfig& config,
                         const std::vector<workloads::Request>& requests) {
  return simulate_isolated(config, requests, *codec::make_raw_transfer());
}

// prefill(1000) | 1000 * 131,072 bytes at 10 GB/s + 2 * 2 us | four iterations for tokens 2 ... 5
TEST(LoneRequest, TakesPrefillPlusHandOffPlusItsIterations) {
  SimulationConfig config = small_system();
  two_tier(config).link_latency = {2e-6};
  const auto result = run_raw(config, {request(0, 0.25, 1000, 5)});
  const RequestRecord& record = result.records.front();

  const double prefill_end = 0.25 + prefill_s(config, 1000);
  const double kv_ready = prefill_end + 1000 * kKvBytesPerToken / 10e9 + 2 * 2e-6;
  double finish = kv_ready;
  for (std::int64_t context = 1000; context < 1004; ++context) finish += decode_s(config, context);

  EXPECT_EQ(record.outcome, Outcome::finished);
  EXPECT_NEAR(record.prefill_start.value, 0.25, kTolerance_s);
  EXPECT_NEAR(record.prefill_end.value, prefill_end, kTolerance_s);
  EXPECT_NEAR(record.kv_ready.value, kv_ready, kTolerance_s);
  EXPECT_NEAR(record.first_token.value, kv_ready, kTolerance_s);
  EXPECT_NEAR(record.first_decode_step.value, kv_ready + decode_s(config, 1000), kTolerance_s);
  EXPECT_NEAR(record.finish.value, finish, kTolerance_s);
  EXPECT_EQ(result.totals.decode_iterations, 4);
}

// The window of 128 tokens is full after 8 of the 20 iterations.
TEST(LoneRequest, WindowsFillUpWhileItDecodes) {
  SimulationConfig config = small_system();
  config.model = model("gpt-oss-20b");
  const auto result = run_raw(config, {request(0, 0, 120, 21)});
  const RequestRecord& record = result.records.front();
  double decoding = 0;
  for (std::int64_t context = 120; context < 140; ++context) {
    const std::int64_t seen = std::min<std::int64_t>(context + 1, 128);
    decoding += decode_time(config)
                    .decode({1, context + 1, context, seen, context + 1 < 128 ? 1 : 0})
                    .value;
  }
  EXPECT_NEAR((record.finish - record.kv_ready).value, decoding, kTolerance_s);
}

TEST(LoneRequest, WithACodecTakesItsTimesAndItsFewerBytes) {
  const SimulationConfig config = small_system();
  const auto codec = codec::make_constant_codec({{{1e-3}, {100e9}}, {{2e-3}, {200e9}}, 4.0 / 3});
  const auto result = simulate_isolated(config, std::vector{request(0, 0, 1000, 1)}, *codec);
  const RequestRecord& record = result.records.front();
  const double raw = 1000 * kKvBytesPerToken;
  const double transfer = (1e-3 + raw / 100e9) + raw * 0.75 / 10e9 + (2e-3 + raw / 200e9);
  EXPECT_NEAR((record.kv_ready - record.prefill_end).value, transfer, kTolerance_s);
  EXPECT_EQ(record.kv_wire.value, 98'304'000);
}

TEST(LoneRequest, WithASingleTokenEndsWhenItsCacheIsReady) {
  const auto result = run_raw(small_system(), {request(0, 0, 500, 1)});
  EXPECT_EQ(result.records.front().finish, result.records.front().kv_ready);
  EXPECT_EQ(result.totals.decode_iterations, 0);
}

TEST(LoneRequest, TheFirstTokenFollowsTheChosenConvention) {
  SimulationConfig config = small_system();
  config.first_token = FirstToken::prefill;
  const RequestRecord at_prefill = run_raw(config, {request(0, 0, 500, 3)}).records.front();
  EXPECT_EQ(at_prefill.first_token, at_prefill.prefill_end);

  config.first_token = FirstToken::decode_step;
  const auto result = run_raw(config, {request(0, 0, 500, 3)});
  const RequestRecord& at_step = result.records.front();
  EXPECT_EQ(at_step.first_token, at_step.first_decode_step);
  EXPECT_EQ(result.totals.decode_iterations, 3) << "the decode side computes the first token too";
}

// Both prompts fit into one batch and end together; both hand-offs then share the sender's NIC.
TEST(TwoRequests, HandOffsOfOneBatchShareTheLink) {
  const SimulationConfig config = small_system();
  const auto result = run_raw(config, {request(0, 0, 1000, 1), request(1, 0, 1000, 1)});
  const double alone = 1000 * kKvBytesPerToken / 10e9;
  for (const RequestRecord& record : result.records) {
    EXPECT_NEAR((record.kv_ready - record.prefill_end).value, 2 * alone, kTolerance_s);
  }
  EXPECT_EQ(result.totals.prefill_iterations, 1);
}

// The token budget splits them into two batches: each hand-off has the link to itself if prefill is
// slower.
TEST(TwoRequests, AFullTokenBudgetMakesTheSecondWait) {
  SimulationConfig config = small_system();
  config.prefill.max_batch_tokens = 1500;
  const auto result = run_raw(config, {request(0, 0, 1000, 1), request(1, 0, 1000, 1)});
  EXPECT_EQ(result.totals.prefill_iterations, 2);
  EXPECT_NEAR(result.records[1].prefill_start.value, prefill_s(config, 1000), kTolerance_s);
}

// The cache of the decode side holds one of them at a time: the second hand-off starts when the
// first ends.
TEST(TwoRequests, AFullDecodeCacheHoldsBackTheHandOffAndThePrefillBlocks) {
  SimulationConfig config = small_system();
  // Fractions that leave room for about 1,020 tokens on the decode side and 2,040 on the prefill
  // side.
  const double weights = static_cast<double>(weight_bytes(config.model, WeightType::bf16).value);
  const auto fraction_for = [&](double tokens) {
    return (weights + tokens * kKvBytesPerToken) / 80e9;
  };
  config.decode.kv_memory_fraction = fraction_for(1040);
  config.prefill.kv_memory_fraction = fraction_for(2040);
  const auto result =
      run_raw(config, {request(0, 0, 1000, 4), request(1, 0, 1000, 4), request(2, 0, 1000, 4)});
  const auto& records = result.records;
  EXPECT_EQ(records[1].transfer_start, records[0].finish);
  EXPECT_EQ(records[2].transfer_start, records[1].finish);
  EXPECT_EQ(records[2].prefill_start, records[0].kv_ready)
      << "two prompts fill the prefill side's cache";
  EXPECT_EQ(records[2].outcome, Outcome::finished);
}

TEST(TwoRequests, DecodeTogetherInOneBatch) {
  const SimulationConfig config = small_system();
  const auto result = run_raw(config, {request(0, 0, 800, 50), request(1, 0, 800, 50)});
  // Their caches are ready at the same instant: every iteration has both.
  EXPECT_EQ(result.totals.decode_iterations, 49);
  double finish = result.records[0].kv_ready.value;
  for (std::int64_t context = 800; context < 849; ++context) {
    finish += decode_time(config).decode({2, 2 * (context + 1), context}).value;
  }
  EXPECT_NEAR(result.records[0].finish.value, finish, kTolerance_s);
  EXPECT_NEAR(result.records[1].finish.value, finish, kTolerance_s);
}

TEST(TwoRequests, ABatchLimitMakesTheSecondWait) {
  SimulationConfig config = small_system();
  config.decode.max_batch_size = 1;
  const auto result = run_raw(config, {request(0, 0, 800, 10), request(1, 0, 800, 10)});
  EXPECT_GE(result.records[1].first_decode_step, result.records[0].finish);
}

}  // namespace
}  // namespace kvferry::sim
