// The order in which waiting prompts are let in, and clients in front of a whole system.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;

// One prompt at a time; hand-offs cost next to nothing.
SimulationConfig single_server() {
  SimulationConfig config = small_system();
  config.prefill.max_batch_size = 1;
  two_tier(config).link_bandwidth = {1e15};
  return config;
}

SimulationResult run_raw(const SimulationConfig& config,
                         const std::vector<workloads::Request>& requests) {
  return simulate_isolated(config, requests, *codec::make_raw_transfer());
}

/// While the first prompt is computed, four others come, of these lengths and priorities.
std::vector<std::int64_t> served_under(QueuePolicy policy) {
  SimulationConfig config = single_server();
  config.prefill.queue = policy;
  std::vector requests{request(0, 0, 4000, 1), request(1, 1e-4, 900, 1), request(2, 2e-4, 300, 1),
                       request(3, 3e-4, 600, 1), request(4, 4e-4, 300, 1)};
  const std::vector<std::int32_t> priorities{9, 2, 2, 0, 1};
  for (std::size_t i = 0; i < requests.size(); ++i) requests[i].priority = priorities[i];
  auto records = run_raw(config, requests).records;
  std::sort(records.begin(), records.end(), [](const RequestRecord& a, const RequestRecord& b) {
    return a.prefill_start < b.prefill_start;
  });
  std::vector<std::int64_t> order{records.front().request_id};
  for (std::size_t i = 1; i < records.size(); ++i) {
    EXPECT_EQ(records[i].prefill_start, records[i - 1].prefill_end);
    order.push_back(records[i].request_id);
  }
  return order;
}

TEST(QueuePolicy, FirstComeFirstServed) {
  EXPECT_EQ(served_under(QueuePolicy::fcfs), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

// Of equal ones, the one that was sent first.
TEST(QueuePolicy, ShortestFirst) {
  EXPECT_EQ(served_under(QueuePolicy::shortest_first), (std::vector<std::int64_t>{0, 2, 4, 3, 1}));
}

TEST(QueuePolicy, TheSmallestPriorityValueFirst) {
  EXPECT_EQ(served_under(QueuePolicy::priority), (std::vector<std::int64_t>{0, 3, 4, 1, 2}));
}

// Nobody overtakes: the prompt that does not fit into the budget holds back a shorter one.
TEST(QueuePolicy, APromptThatDoesNotFitHoldsBackThoseBehindIt) {
  SimulationConfig config = small_system();
  config.prefill.max_batch_tokens = 1000;
  const auto result =
      run_raw(config, {request(0, 0, 600, 1), request(1, 0, 600, 1), request(2, 0, 100, 1)});
  EXPECT_EQ(result.records[1].prefill_start, result.records[0].prefill_end);
  EXPECT_EQ(result.records[2].prefill_start, result.records[1].prefill_start);
  EXPECT_EQ(result.totals.prefill_iterations, 2);
}

// Both are due at once. With one place the second is sent when the first has ended; latency counts
// from there.
TEST(CappedLoop, WhatIsHeldBackArrivesLaterThanScheduled) {
  SimulationConfig config = single_server();
  config.max_concurrency = 1;
  const auto result = run_raw(config, {request(0, 1, 1000, 5), request(1, 1, 1000, 5)});
  const RequestRecord& first = result.records[0];
  const RequestRecord& second = result.records[1];
  EXPECT_EQ(second.scheduled.value, 1);
  EXPECT_EQ(second.arrival, first.finish);
  EXPECT_EQ(second.prefill_start, second.arrival);
  EXPECT_NEAR((second.finish - second.arrival).value, (first.finish - first.arrival).value,
              kTolerance_s);
}

// C clients in a loop: where each prompt has an engine of its own, each waits R for its answer and
// thinks for Z, so that the system answers C / (Z + R) requests a second.
TEST(ClosedLoop, ServesClientsOverThinkPlusResponse) {
  constexpr std::int64_t kClients = 4;
  constexpr std::int64_t kTurns = 25;
  constexpr double kThink_s = 0.05;
  SimulationConfig config = single_server();
  config.prefill.instances = config.decode.instances = kClients;
  config.prefill.router = config.decode.router = RouterPolicy::session_sticky;
  std::vector<workloads::Request> requests;
  for (std::int64_t id = 0; id < kClients * kTurns; ++id) {
    workloads::Request turn = request(id, 0, 1000, 20);
    turn.session = id % kClients;
    turn.after = id < kClients ? -1 : id - kClients;
    turn.think = {kThink_s};
    requests.push_back(turn);
  }
  const auto result = run_raw(config, requests);
  double response = prefill_s(config, 1000) + 1000 * 131'072 / 1e15;
  for (std::int64_t context = 1000; context < 1019; ++context)
    response += decode_s(config, context);
  double end = 0;
  for (const RequestRecord& record : result.records) {
    EXPECT_NEAR((record.finish - record.arrival).value, response, kTolerance_s);
    end = std::max(end, record.finish.value);
  }
  // The last answer is followed by no thought.
  EXPECT_NEAR(kClients * kTurns / (end + kThink_s), kClients / (kThink_s + response), 1e-6);
}

}  // namespace
}  // namespace kvferry::sim
