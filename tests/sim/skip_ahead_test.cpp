// Skipping iterations must not change any result: on randomised systems with small caches, bursts,
// preemptions, sessions and every kind of engine, a run whose every iteration is an event gives the
// same records and the same gaps between tokens.
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance = 1e-9;

template <typename... Choices>
auto pick(RandomStream& random, Choices... choices) {
  const std::array all{choices...};
  return all[random.below(all.size())];
}

// Room for so many tokens beside the weights.
void fit_cache(const SimulationConfig& config, PoolConfig& pool, double tokens) {
  const double weights = static_cast<double>(weight_bytes(config.model, config.weights).value);
  pool.kv_memory_fraction = (weights + tokens * 131'072) / pool.tensor_parallel / 80e9;
}

PoolConfig random_pool(RandomStream& random, const SimulationConfig& config) {
  PoolConfig pool;
  pool.gpu = gpu(pick(random, "h100-sxm", "a100-sxm-80gb"));
  pool.tensor_parallel = pick(random, 1, 2);
  pool.instances = pick(random, 1, 1, 2, 3);
  pool.kv_block_tokens = pick(random, 1, 16, 48);
  pool.max_batch_size = pick(random, 3, 12, 256);
  pool.max_batch_tokens = pick(random, 256, 1024, 8192);
  pool.chunked_prefill = random.below(2) == 0;
  pool.queue = pick(random, QueuePolicy::fcfs, QueuePolicy::shortest_first, QueuePolicy::priority);
  pool.preemption = pick(random, Preemption::recompute, Preemption::recompute, Preemption::swap,
                         Preemption::never);
  pool.watermark = pick(random, 0.0, 0.01, 0.05);
  pool.prefix_caching = random.below(2) == 0;
  pool.router = pick(random, RouterPolicy::round_robin, RouterPolicy::least_loaded,
                     RouterPolicy::shortest_queue, RouterPolicy::random, RouterPolicy::power_of_two,
                     RouterPolicy::prefix_aware, RouterPolicy::session_sticky);
  fit_cache(config, pool, pick(random, 2950.0, 3300.0, 6000.0, 60'000.0));
  return pool;
}

SimulationConfig random_system(RandomStream& random) {
  SimulationConfig config = small_system();
  config.prefill = random_pool(random, config);
  config.decode = random_pool(random, config);
  if (random.below(3) == 0) config.decode.more.push_back(random_pool(random, config));
  if (random.below(4) == 0) config.mixed = random_pool(random, config);
  if (random.below(3) == 0) config.mode = Mode::colocated;
  config.key_tokens = 48;
  config.seed = random.below(1000);
  config.network.link_bandwidth = {pick(random, 1e9, 12.5e9)};
  config.transfer.skip_cached = random.below(2) == 0;
  config.first_token =
      pick(random, FirstToken::kv_ready, FirstToken::decode_step, FirstToken::prefill);
  if (random.below(4) == 0)
    config.max_concurrency = static_cast<std::int64_t>(1 + random.below(20));
  if (random.below(5) == 0) config.horizon = Seconds{2 + random.uniform()};
  return config;
}

// Prompts of one family share their first blocks.
void name_blocks(workloads::Request& request, std::uint64_t family) {
  const std::int64_t blocks = (request.input_tokens + 47) / 48;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::uint64_t owner = i < 6 ? family : 1000 + static_cast<std::uint64_t>(request.id);
    request.prefix_blocks.push_back(owner * 1'000'000 + static_cast<std::uint64_t>(i));
  }
}

std::vector<workloads::Request> random_requests(RandomStream& random) {
  std::vector<workloads::Request> requests;
  double when = 0;
  const auto count = static_cast<std::int64_t>(20 + random.below(60));
  for (std::int64_t id = 0; id < count; ++id) {
    if (random.below(3) != 0) when += random.exponential() * 0.04;
    const auto input =
        static_cast<std::int64_t>(1 + random.below(random.below(8) == 0 ? 2000 : 500));
    const auto output =
        static_cast<std::int64_t>(1 + random.below(random.below(3) == 0 ? 900 : 60));
    workloads::Request next = request(id, when, input, output);
    next.priority = static_cast<std::int32_t>(random.below(3));
    if (random.below(3) == 0) name_blocks(next, random.below(4));
    if (random.below(3) == 0) next.session = id;
    if (id > 0 && random.below(5) == 0) {  // a turn, or a branch, of an earlier one's session
      next.after = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(id)));
      next.session = requests[static_cast<std::size_t>(next.after)].session;
      next.think = {random.exponential() * 0.05};
    }
    requests.push_back(std::move(next));
  }
  return requests;
}

struct Difference {
  double largest = 0;  ///< relative
  void add(double a, double b) {
    const double scale = std::max({std::abs(a), std::abs(b), 1e-3});
    largest = std::max(largest, std::abs(a - b) / scale);
  }
  void add(Seconds a, Seconds b) { add(a.value, b.value); }
};

void compare_records(const RequestRecord& a, const RequestRecord& b, Difference& difference) {
  ASSERT_EQ(a.request_id, b.request_id);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.prefill_instance, b.prefill_instance);
  EXPECT_EQ(a.decode_instance, b.decode_instance);
  EXPECT_EQ(a.cached_tokens, b.cached_tokens);
  EXPECT_EQ(a.preemptions, b.preemptions);
  EXPECT_EQ(a.kv_raw, b.kv_raw);
  difference.add(a.scheduled, b.scheduled);
  difference.add(a.arrival, b.arrival);
  difference.add(a.prefill_start, b.prefill_start);
  difference.add(a.prefill_end, b.prefill_end);
  difference.add(a.transfer_start, b.transfer_start);
  difference.add(a.kv_ready, b.kv_ready);
  difference.add(a.first_token, b.first_token);
  difference.add(a.finish, b.finish);
}

std::vector<double> expanded(const std::vector<TokenGapRun>& runs) {
  std::vector<double> gaps;
  for (const TokenGapRun& run : runs) {
    for (std::int64_t k = 0; k < run.gaps; ++k) {
      const double gap = run.first_gap.value + static_cast<double>(k) * run.step.value;
      gaps.insert(gaps.end(), static_cast<std::size_t>(run.sequences), gap);
    }
  }
  std::sort(gaps.begin(), gaps.end());
  return gaps;
}

void compare_gaps(const SimulationResult& a, const SimulationResult& b, Difference& difference) {
  const std::vector<double> gaps_a = expanded(a.token_gaps);
  const std::vector<double> gaps_b = expanded(b.token_gaps);
  ASSERT_EQ(gaps_a.size(), gaps_b.size());
  for (std::size_t i = 0; i < gaps_a.size(); ++i) difference.add(gaps_a[i], gaps_b[i]);
}

void compare_totals(const SimulationTotals& a, const SimulationTotals& b, Difference& difference) {
  EXPECT_EQ(a.prefill_iterations, b.prefill_iterations);
  EXPECT_EQ(a.decode_iterations, b.decode_iterations);
  EXPECT_EQ(a.mixed_iterations, b.mixed_iterations);
  EXPECT_EQ(a.kv_blocks_in_use, b.kv_blocks_in_use);
  difference.add(a.prefill_busy, b.prefill_busy);
  difference.add(a.decode_busy, b.decode_busy);
  difference.add(a.mixed_busy, b.mixed_busy);
}

TEST(SkipAhead, GivesTheResultsOfEveryIteration) {
  constexpr std::uint64_t kSystems = 800;
  Difference difference;
  std::int64_t preemptions = 0;
  std::int64_t iterations = 0;
  std::int64_t runs = 0;
  for (std::uint64_t seed = 1; seed <= kSystems && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed, "skip ahead");
    SimulationConfig config = random_system(random);
    const auto requests = random_requests(random);
    const auto codec = codec::make_raw_transfer();
    const SimulationResult skipping = simulate_isolated(config, requests, *codec);
    config.skip_ahead = false;
    const SimulationResult stepping = simulate_isolated(config, requests, *codec);
    ASSERT_EQ(skipping.records.size(), stepping.records.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      compare_records(skipping.records[i], stepping.records[i], difference);
      preemptions += skipping.records[i].preemptions;
    }
    compare_gaps(skipping, stepping, difference);
    compare_totals(skipping.totals, stepping.totals, difference);
    iterations += stepping.totals.decode_iterations + stepping.totals.mixed_iterations;
    runs += static_cast<std::int64_t>(skipping.token_gaps.size());
    EXPECT_LT(difference.largest, kTolerance);
  }
  std::cout << kSystems << " systems, " << iterations << " decode and mixed iterations in " << runs
            << " runs of gaps, " << preemptions << " preemptions; largest relative difference "
            << difference.largest << '\n';
  EXPECT_GT(preemptions, 1000) << "the systems must be small enough to preempt";
}

}  // namespace
}  // namespace kvferry::sim
