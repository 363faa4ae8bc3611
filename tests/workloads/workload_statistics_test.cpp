#include "workloads/workload_statistics.hpp"

#include "tests/workloads/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

const std::string kTraces = KVFERRY_SHARED_FILES "/traces/";

Request request(double arrival, std::int64_t input = 20, std::vector<std::uint64_t> blocks = {}) {
  Request made;
  made.arrival = Seconds{arrival};
  made.input_tokens = input;
  made.output_tokens = 5;
  made.prefix_blocks = std::move(blocks);
  return made;
}

Workload workload_of(std::vector<Request> requests) {
  Workload workload;
  for (std::size_t i = 0; i < requests.size(); ++i) requests[i].id = static_cast<std::int64_t>(i);
  workload.requests = std::move(requests);
  return workload;
}

TEST(WorkloadStatistics, PercentilesAreNearestRank) {
  std::vector<Request> requests;
  for (int i = 200; i >= 1; --i) requests.push_back(request(0, i));
  const Distribution input = statistics_of(workload_of(requests), {}).input_tokens;
  EXPECT_EQ(input.p50, 100);
  EXPECT_EQ(input.p90, 180);
  EXPECT_EQ(input.p99, 198);
  EXPECT_EQ(input.max, 200);
  EXPECT_EQ(input.mean, 100.5);
  EXPECT_EQ(input.sum, 20'100);
  const Distribution one = statistics_of(workload_of({request(0, 7)}), {}).input_tokens;
  EXPECT_EQ(one.p50, 7);
  EXPECT_EQ(one.p99, 7);
}

TEST(WorkloadStatistics, GapsAndCountsAreThoseOfTheArrivals) {
  // Gaps 1, 1, 8: mean 10/3, variance 98/9. Windows of 1 s: 1 1 1 0 0 0 0 0 0 0 1: mean 4/11,
  // variance 28/121.
  const ArrivalStatistics arrivals =
      statistics_of(workload_of({request(0), request(1), request(2), request(10)}), {}).arrivals;
  EXPECT_EQ(arrivals.span.value, 10);
  EXPECT_EQ(arrivals.rate->value, 0.3);
  EXPECT_NEAR(*arrivals.cv, std::sqrt(98.0) / 10, 1e-15);
  ASSERT_EQ(arrivals.dispersions.size(), 1U) << "10 s do not hold ten windows of 10 s";
  EXPECT_NEAR(arrivals.dispersions[0].value, 7.0 / 11, 1e-15);
}

TEST(WorkloadStatistics, WhatCannotBeSaidIsAbsent) {
  for (const auto& requests : {std::vector{request(3)}, std::vector{request(3), request(3)}}) {
    const WorkloadStatistics statistics = statistics_of(workload_of(requests), {});
    EXPECT_FALSE(statistics.arrivals.rate);
    EXPECT_FALSE(statistics.arrivals.cv);
    EXPECT_TRUE(statistics.arrivals.dispersions.empty());
    EXPECT_FALSE(statistics.prefixes);
    EXPECT_FALSE(statistics.sessions);
  }
}

TEST(WorkloadStatistics, TurnsWithoutADateAreNoArrivals) {
  std::vector<Request> requests{request(0), request(0), request(2), request(4)};
  requests[0].session = requests[1].session = requests[3].session = 0;
  requests[1].after = 0;
  requests[3].after = 1;
  const WorkloadStatistics statistics = statistics_of(workload_of(requests), {});
  EXPECT_EQ(statistics.arrivals.dated, 3);
  EXPECT_EQ(statistics.arrivals.rate->value, 0.5);
  EXPECT_EQ(statistics.sessions->sessions, 1);
  EXPECT_EQ(statistics.sessions->lone_requests, 1);
  EXPECT_EQ(statistics.sessions->waiting, 2);
  EXPECT_EQ(statistics.sessions->turns.max, 3);
}

TEST(WorkloadStatistics, AGeneratedMmppHasTheDispersionOfItsFormula) {
  SyntheticSpec spec;
  spec.arrivals = MmppArrivals{PerSecond{40}, PerSecond{4}, PerSecond{2}, PerSecond{1}};
  spec.lengths = IndependentLengths{ConstantLength{1}, ConstantLength{1}};
  spec.requests = 400'000;
  const auto dispersions =
      statistics_of(make_workload(spec, 7), {}).arrivals.dispersions;  // see VaryingArrivals
  EXPECT_NEAR(dispersions[0].value, 9.199, 0.5);
  EXPECT_NEAR(dispersions[1].value, 12.6, 1.5);
}

TEST(BlockReuse, HitsAreLeadingBlocksOnly) {
  const std::vector<Request> requests{request(0, 40, {1, 2, 3}), request(1, 40, {1, 9, 3}),
                                      request(2, 40, {1, 2, 3}), request(3, 24, {1, 2})};
  const BlockReuse reuse = block_reuse(requests, 16, std::nullopt);
  EXPECT_EQ(reuse.hit_blocks, 0 + 1 + 3 + 2);
  EXPECT_EQ(reuse.hit_tokens, 16 + 40 + 24) << "no more than the prompt has";
}

TEST(BlockReuse, TheLeastRecentlyUsedBlockLeaves) {
  const std::vector<Request> requests{request(0, 32, {1, 2}), request(1, 16, {1}),
                                      request(2, 16, {3}), request(3, 32, {1, 2})};
  EXPECT_EQ(block_reuse(requests, 16, 2).hit_blocks, 1 + 1) << "2 has left for 3";
  EXPECT_EQ(block_reuse(requests, 16, 3).hit_blocks, 1 + 2);
  EXPECT_EQ(error_of([&] { block_reuse(requests, 16, 0); }),
            "a cache must have room for at least 1 block, found 0");
}

// Counts as measured independently on the file of Mooncake, USENIX FAST 2025.
TEST(BlockReuse, MooncakeConversationHasItsKnownHits) {
  const std::string path = kTraces + "mooncake/conversation_trace.jsonl";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "NOT TESTED: the published trace " << path << " is not here";
  const WorkloadStatistics statistics =
      statistics_of(make_workload(TraceSpec{path, TraceFormat::mooncake, {}}, 7),
                    {1000, 10'000, 30'000, 100'000});
  const PrefixStatistics& prefixes = *statistics.prefixes;
  EXPECT_EQ(prefixes.blocks, 288'500);
  EXPECT_EQ(prefixes.distinct_blocks, 182'790);
  EXPECT_EQ(prefixes.reuse[0].hit_blocks, 105'710);
  EXPECT_EQ(prefixes.reuse[2].hit_blocks, 60'921);
  const auto share = [&](std::size_t i) {
    return static_cast<double>(prefixes.reuse[i].hit_blocks) / 288'500;
  };
  EXPECT_NEAR(share(1), 0.0445, 0.00005);
  EXPECT_NEAR(share(3), 0.3257, 0.00005);
  EXPECT_NEAR(share(4), 0.3637, 0.00005);
  EXPECT_NEAR(static_cast<double>(prefixes.reuse[0].hit_tokens) / 144'793'823, 0.3736, 0.00005);
  EXPECT_NEAR(*statistics.arrivals.cv, 3.03, 0.005);
  EXPECT_NEAR(statistics.arrivals.dispersions[0].value, 7.9, 0.05);
  EXPECT_NEAR(statistics.arrivals.dispersions[1].value, 2.1, 0.05);
  EXPECT_EQ(statistics.input_tokens.p99, 85'401);
  EXPECT_EQ(statistics.output_tokens.p90, 597);
}

TEST(WorkloadStatistics, AzureConversationHasItsKnownFigures) {
  const std::string path = kTraces + "azure2023/AzureLLMInferenceTrace_conv.csv";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "NOT TESTED: the published trace " << path << " is not here";
  const WorkloadStatistics statistics =
      statistics_of(make_workload(TraceSpec{path, TraceFormat::azure, {}}, 7), {});
  EXPECT_NEAR(*statistics.arrivals.cv, 1.09, 0.005);
  EXPECT_NEAR(statistics.arrivals.dispersions[0].value, 1.4, 0.05);
  EXPECT_NEAR(statistics.arrivals.dispersions[1].value, 4.0, 0.05);
  EXPECT_NEAR(statistics.arrivals.dispersions[2].value, 20.6, 0.06);
  EXPECT_EQ(statistics.input_tokens.p50, 1020);
  EXPECT_EQ(statistics.input_tokens.p99, 4142);
  EXPECT_EQ(statistics.output_tokens.sum, 4'088'665);
  EXPECT_FALSE(statistics.prefixes);
}

}  // namespace
}  // namespace kvferry::workloads
