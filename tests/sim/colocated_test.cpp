// One engine that computes prompts and answers, against times worked out by hand.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;

SimulationConfig one_engine() {
  SimulationConfig config = small_system();
  config.mode = Mode::colocated;
  config.decode.instances = 0;
  return config;
}

SimulationResult run_raw(const SimulationConfig& config,
                         const std::vector<workloads::Request>& requests) {
  return simulate_isolated(config, requests, *codec::make_raw_transfer());
}

// Of a lone answer whose cache holds first ... last - 1 tokens, an iteration each.
double decoding_s(const SimulationConfig& config, std::int64_t first, std::int64_t last) {
  double sum = 0;
  for (std::int64_t context = first; context < last; ++context) sum += decode_s(config, context);
  return sum;
}

TEST(Colocated, ALoneRequestTakesItsPrefillAndItsIterations) {
  const SimulationConfig config = one_engine();
  const auto result = run_raw(config, {request(0, 0.25, 1000, 40)});
  const RequestRecord& record = result.records.front();
  const double prefill_end = 0.25 + prefill_s(config, 1000);
  EXPECT_NEAR(record.prefill_end.value, prefill_end, kTolerance_s);
  EXPECT_EQ(record.first_token, record.prefill_end) << "there is no hand-off";
  EXPECT_EQ(record.kv_raw.value, 0);
  EXPECT_NEAR(record.finish.value, prefill_end + decoding_s(config, 1000, 1039), kTolerance_s);
  EXPECT_EQ(result.totals.mixed_iterations, 1 + 39);
}

// 1000 tokens with a budget of 300: 300 new ones on 0, 300 and 600 cached ones, then 100 on 900.
TEST(Colocated, AChunkedPromptTakesTheSumOfItsChunks) {
  SimulationConfig config = one_engine();
  config.prefill.chunked_prefill = true;
  config.prefill.max_batch_tokens = 300;
  const auto result = run_raw(config, {request(0, 0, 1000, 5)});
  const RequestRecord& record = result.records.front();
  double prefill_end = 0;
  for (const PrefillItem chunk :
       {PrefillItem{300, 0}, PrefillItem{300, 300}, PrefillItem{300, 600}, PrefillItem{100, 900}})
    prefill_end += prefill_time(config).prefill({&chunk, 1}).value;
  EXPECT_NEAR(record.prefill_end.value, prefill_end, kTolerance_s);
  EXPECT_NEAR(record.finish.value, prefill_end + decoding_s(config, 1000, 1004), kTolerance_s);
  EXPECT_EQ(result.totals.mixed_iterations, 4 + 4);
}

// The second prompt comes in the middle of the first one's first iteration. The next two have a
// token of the first and 511, then 489 of the second's: what the budget of 512 leaves.
TEST(Colocated, ChunksAndAnswersShareIterations) {
  SimulationConfig config = one_engine();
  config.prefill.chunked_prefill = true;
  config.prefill.max_batch_tokens = 512;
  const double first_prefill = prefill_s(config, 100);
  const double boundary = first_prefill + decode_s(config, 100);
  const auto result = run_raw(
      config, {request(0, 0, 100, 50), request(1, (first_prefill + boundary) / 2, 1000, 1)});
  const IterationTime time = prefill_time(config);
  const PrefillItem chunk{511, 0};
  const PrefillItem rest{489, 511};
  const double end = boundary + time.parts({&chunk, 1}, {1, 102, 101}).total.value +
                     time.parts({&rest, 1}, {1, 103, 102}).total.value;
  EXPECT_NEAR(result.records[1].prefill_start.value, boundary, kTolerance_s);
  EXPECT_NEAR(result.records[1].prefill_end.value, end, kTolerance_s);
  EXPECT_EQ(result.records[1].finish, result.records[1].prefill_end);
  EXPECT_NEAR(result.records[0].finish.value, end + decoding_s(config, 103, 149), kTolerance_s);
  EXPECT_EQ(result.totals.mixed_iterations, 1 + 1 + 2 + 46);
}

// Whole prompts have iterations of their own: the first one's answer waits meanwhile.
TEST(Colocated, WholePromptsComeBeforeAnswers) {
  const SimulationConfig config = one_engine();
  const double first_prefill = prefill_s(config, 100);
  const double boundary = first_prefill + decode_s(config, 100);
  const auto result = run_raw(
      config, {request(0, 0, 100, 50), request(1, (first_prefill + boundary) / 2, 1000, 1)});
  const double end = boundary + prefill_s(config, 1000);
  EXPECT_NEAR(result.records[1].prefill_start.value, boundary, kTolerance_s);
  EXPECT_NEAR(result.records[1].finish.value, end, kTolerance_s);
  EXPECT_NEAR(result.records[0].finish.value, end + decoding_s(config, 101, 149), kTolerance_s);
}

// A prompt above the budget runs alone, whole; those behind it follow together.
TEST(Colocated, AWholePromptAboveTheBudgetRunsAlone) {
  SimulationConfig config = one_engine();
  config.prefill.max_batch_tokens = 512;
  const auto result =
      run_raw(config, {request(0, 0, 1000, 1), request(1, 0, 200, 1), request(2, 0, 300, 1)});
  const double first = prefill_s(config, 1000);
  const std::vector<PrefillItem> others{{200, 0}, {300, 0}};
  const double end = first + prefill_time(config).prefill(others).value;
  EXPECT_NEAR(result.records[0].finish.value, first, kTolerance_s);
  EXPECT_NEAR(result.records[1].finish.value, end, kTolerance_s);
  EXPECT_NEAR(result.records[2].finish.value, end, kTolerance_s);
}

}  // namespace
}  // namespace kvferry::sim
