// What a pool gives at most, against the closed form.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kRelative = 1e-9;

std::vector<workloads::Request> all_at_once(std::int64_t count, std::int64_t input,
                                            std::int64_t output) {
  std::vector<workloads::Request> requests;
  while (std::ssize(requests) < count)
    requests.push_back(request(std::ssize(requests), 0, input, output));
  return requests;
}

// Each prompt has a prefill engine of its own, so that all are ready at once. The decode engine
// then runs full batches of B, one after the other; each iteration of a batch gives B tokens, and
// iteration k of N lasts first + k * step:
//   tokens/s = B / (first + step (N - 1) / 2)
TEST(Saturation, ADecodePoolGivesABatchOfTokensPerMeanIteration) {
  constexpr std::int64_t kPrompt = 500;
  constexpr std::int64_t kIterations = 3000;
  constexpr std::int64_t kBatches = 4;
  for (const std::int64_t batch : {1, 8, 24}) {
    SimulationConfig config = small_system();
    config.prefill.instances = static_cast<std::int32_t>(kBatches * batch);
    config.decode.max_batch_size = batch;
    two_tier(config).link_bandwidth = {1e15};
    const auto result =
        simulate_isolated(config, all_at_once(kBatches * batch, kPrompt, kIterations + 1),
                          *codec::make_raw_transfer());
    const DecodeSeries series =
        decode_time(config).decode_series({batch, batch * (kPrompt + 1), kPrompt});
    const double mean = series.first.value + series.step.value * (kIterations - 1) / 2;
    double end = 0;
    for (const RequestRecord& record : result.records) end = std::max(end, record.finish.value);
    const double elapsed = end - result.records.front().kv_ready.value;
    const double rate = static_cast<double>(kBatches * batch * kIterations) / elapsed;
    EXPECT_NEAR(rate * mean / static_cast<double>(batch), 1, kRelative) << "batch " << batch;
    EXPECT_EQ(result.totals.decode_iterations, kBatches * kIterations);
  }
}

// Batches as full as the token budget allows: 4 prompts of 500 in 2,000 tokens, 8 on each of two
// engines.
TEST(Saturation, APrefillPoolGivesATokenBudgetPerIteration) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  config.prefill.max_batch_tokens = 2000;
  two_tier(config).link_bandwidth = {1e15};
  const auto result =
      simulate_isolated(config, all_at_once(64, 500, 1), *codec::make_raw_transfer());
  const std::vector<PrefillItem> batch(4, {500, 0});
  const double iteration = prefill_time(config).prefill(batch).value;
  double end = 0;
  for (const RequestRecord& record : result.records) end = std::max(end, record.prefill_end.value);
  EXPECT_NEAR(64 * 500 / end / (2 * 2000 / iteration), 1, kRelative);
  EXPECT_EQ(result.totals.prefill_iterations, 16);
}

// The link is the slowest: its bandwidth in tokens.
TEST(Saturation, ALinkGivesItsBandwidth) {
  SimulationConfig config = small_system();
  two_tier(config).link_bandwidth = {1e8};
  const auto result =
      simulate_isolated(config, all_at_once(32, 500, 1), *codec::make_raw_transfer());
  double begin = result.records.front().transfer_start.value;
  double end = 0;
  for (const RequestRecord& record : result.records) {
    begin = std::min(begin, record.transfer_start.value);
    end = std::max(end, record.kv_ready.value);
  }
  EXPECT_NEAR(32 * 500 * 131'072 / (end - begin) / 1e8, 1, kRelative);
}

}  // namespace
}  // namespace kvferry::sim
