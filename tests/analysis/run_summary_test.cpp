#include "analysis/run_summary.hpp"

#include "analysis/result_json.hpp"
#include "tests/analysis/collected.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kvferry::analysis {
namespace {

// Arrives at `arrival`, first token one second later, then a token every 100 ms.
RequestRecord finished(double arrival, std::int64_t output) {
  RequestRecord r;
  r.arrival = {arrival};
  r.input_tokens = 100;
  r.output_tokens = output;
  r.prefill_start = {arrival + 0.25};
  r.prefill_end = {arrival + 0.75};
  r.transfer_start = {arrival + 0.8};
  r.kv_ready = {arrival + 1};
  r.first_token = r.kv_ready;
  r.finish = {arrival + 1 + 0.1 * static_cast<double>(output - 1)};
  r.kv_raw = {4000};
  r.kv_wire = {3000};
  r.encode = {0.01};
  r.network = {0.15};
  r.decode_codec = {0.02};
  r.outcome = Outcome::finished;
  return r;
}

SimulationResult three_requests() {
  SimulationResult result;
  result.records = {finished(0, 11), finished(2, 1), finished(4, 21)};
  RequestRecord rejected;
  rejected.outcome = Outcome::rejected_context;
  rejected.arrival = {4.5};
  RequestRecord unfinished;
  unfinished.arrival = {4.6};
  result.records.push_back(rejected);
  result.records.push_back(unfinished);
  result.token_gaps = {{{0.5}, {0.2}, {}, 1, 10}, {{4.0}, {0.1}, {}, 1, 20}};
  result.network.links = {{.carried = {7000}}};
  result.totals.prefill_busy = {1.5};
  result.totals.decode_busy = {3.5};
  result.totals.end = {7};
  return result;
}

RunContext context() {
  RunContext context;
  context.prefill_instances = 1;
  context.decode_instances = 1;
  context.sending_gpus = 1;
  context.receiving_gpus = 1;
  context.links = {{"link", {1000}}};
  return context;
}

TEST(RunSummary, CountsEveryRequestOnce) {
  const RunSummary s = summarize(three_requests(), context());
  EXPECT_EQ(s.requests, 5);
  EXPECT_EQ(s.completed, 3);
  EXPECT_EQ(s.rejected, 1);
  EXPECT_EQ(s.unfinished, 1);
  EXPECT_EQ(s.rejected_by_reason.at("exceeds-context"), 1);
}

// The last finish is at 4 + 1 + 2 = 7 s, the first arrival at 0.
TEST(RunSummary, RatesArePerSecondOfTheDuration) {
  const RunSummary s = summarize(three_requests(), context());
  EXPECT_DOUBLE_EQ(s.duration_s, 7);
  EXPECT_DOUBLE_EQ(s.request_throughput, 3.0 / 7);
  EXPECT_DOUBLE_EQ(s.output_throughput, 33.0 / 7);
  EXPECT_DOUBLE_EQ(s.total_token_throughput, 333.0 / 7);
  EXPECT_DOUBLE_EQ(s.utilization.prefill, 1.5 / 7);
  EXPECT_DOUBLE_EQ(s.utilization.decode, 0.5);
  EXPECT_DOUBLE_EQ(s.utilization.links.front().second, 1.0);
  EXPECT_DOUBLE_EQ(s.compression_ratio, 4.0 / 3);
}

TEST(RunSummary, LatenciesFollowTheirDefinitions) {
  const RunSummary s = summarize(three_requests(), context());
  EXPECT_DOUBLE_EQ(s.latency.ttft_ms->mean, 1000);
  EXPECT_NEAR(s.latency.tpot_ms->mean, 100, 1e-9);
  EXPECT_EQ(s.latency.tpot_ms->count, 2) << "a single output token has no TPOT";
  EXPECT_EQ(s.latency.itl_ms->count, 30);
  EXPECT_NEAR(s.latency.e2el_ms->mean, (2000 + 1000 + 3000) / 3.0, 1e-9);
  EXPECT_NEAR(s.stages.queue->mean, 250, 1e-9);
  EXPECT_NEAR(s.stages.admission_wait->mean, 50, 1e-9);
  EXPECT_NEAR(s.stages.transfer->mean, 200, 1e-9);
  EXPECT_NEAR(s.stages.exposed_transfer->mean, 250, 1e-9);
}

TEST(RunSummary, GoodputCountsRequestsThatMeetEverySlo) {
  RunContext strict = context();
  strict.slo.ttft = Seconds{1.5};
  strict.slo.tpot = Seconds{0.05};
  // Only the single-token request has no TPOT to miss.
  EXPECT_DOUBLE_EQ(summarize(three_requests(), strict).request_goodput, 1.0 / 7);
  EXPECT_DOUBLE_EQ(summarize(three_requests(), strict).slo_attainment, 0.2) << "of all requests";
  RunContext impossible = context();
  impossible.slo.ttft = Seconds{0.5};
  EXPECT_EQ(summarize(three_requests(), impossible).request_goodput, 0);
}

TEST(RunSummary, TheWarmUpIsLeftOutOfLatencies) {
  RunContext warm = context();
  warm.warmup = {1};
  const RunSummary s = summarize(three_requests(), warm);
  EXPECT_EQ(s.latency.ttft_ms->count, 2);
  EXPECT_EQ(s.latency.itl_ms->count, 20);
  EXPECT_NEAR(s.latency.itl_ms->mean, 100, 1e-9);
  EXPECT_EQ(s.completed, 3) << "but counted";
}

TEST(RunSummary, PreemptionsAndCachedTokensAreCounted) {
  SimulationResult result = three_requests();
  result.records[0].cached_tokens = 60;
  result.records[2].cached_tokens = 15;
  result.records[0].preemptions = 2;
  result.records[4].preemptions = 1;
  const auto json = to_json(summarize(result, context()));
  EXPECT_EQ(json["preemptions"], 3) << "of all requests";
  EXPECT_EQ(json["cached_tokens"], 75);
  EXPECT_EQ(json["prefix_hit_rate"], 0.25) << "of 300 input tokens that completed";
}

TEST(RunSummary, WhatFailuresCostIsCounted) {
  SimulationResult result = three_requests();
  const auto before = to_json(summarize(result, context()));
  result.records[0].restarts = 2;
  result.records[0].retries = 5;
  result.records[4].restarts = 1;
  result.records[3].outcome = Outcome::failed_no_instance;
  result.records[4].outcome = Outcome::failed_restarts;
  const auto json = to_json(summarize(result, context()));
  EXPECT_EQ(json["restarts"], 3) << "of all requests";
  EXPECT_EQ(json["retries"], 5);
  EXPECT_EQ(before["failed"], 0);
  EXPECT_EQ(json["failed"], 2);
  EXPECT_EQ(json["failed_by_reason"]["no-instance"], 1);
  EXPECT_EQ(json["failed_by_reason"]["too-many-restarts"], 1);
  EXPECT_EQ(json["requests"], json["completed"].get<int>() + json["rejected"].get<int>() +
                                  json["failed"].get<int>() + json["unfinished"].get<int>());
}

// The client wanted to send the first 500 ms, the others 0 ms earlier.
TEST(RunSummary, TimesFromTheScheduleAppearOnlyWhereClientsHeldRequestsBack) {
  SimulationResult result = three_requests();
  for (RequestRecord& record : result.records) record.scheduled = record.arrival;
  const auto open = to_json(summarize(result, context()));
  EXPECT_FALSE(open.contains("mean_ttft_from_schedule_ms"));
  EXPECT_FALSE(open.contains("client_queue_ms"));
  result.records[0].arrival = {0.25};
  result.records[0].scheduled = {-0.25};
  const auto held = to_json(summarize(result, context()));
  EXPECT_NEAR(held["mean_ttft_from_schedule_ms"], (1250 + 1000 + 1000) / 3.0, 1e-9);
  EXPECT_NEAR(held["mean_ttft_ms"], (750 + 1000 + 1000) / 3.0, 1e-9);
  EXPECT_NEAR(held["client_queue_ms"]["mean"], 500 / 3.0, 1e-9);
}

// A colocated instance decodes where it prefilled.
TEST(RunSummary, RequestsWithoutAHandOffHaveNoTimesInIt) {
  SimulationResult result = three_requests();
  const auto stay = [](RequestRecord& record) {
    record.kv_ready = record.first_token = record.prefill_end;
    record.transfer_start = record.prefill_end;
    record.kv_raw = record.kv_wire = {0};
    record.encode = record.network = record.decode_codec = {0};
  };
  stay(result.records[0]);
  const RunSummary mixed = summarize(result, context());
  EXPECT_EQ(mixed.stages.transfer->count, 2);
  EXPECT_NEAR(mixed.stages.encode->mean, 10, 1e-9);
  EXPECT_EQ(mixed.stages.prefill->count, 3);
  for (RequestRecord& record : result.records) stay(record);
  result.network.links.clear();
  const auto json = to_json(summarize(result, RunContext{}));
  for (const char* stage : {"admission_wait_ms", "encode_ms", "network_ms", "decode_codec_ms",
                            "transfer_ms", "exposed_transfer_ms", "compression_ratio"})
    EXPECT_TRUE(json[stage].is_null()) << stage;
  EXPECT_FALSE(json["prefill_ms"].is_null());
}

// Never sent: a client's limit held it back until the horizon.
TEST(RunSummary, RequestsNeverSentAreCountedAndDoNotMoveTheFirstArrival) {
  SimulationResult result = three_requests();
  RequestRecord held;
  held.arrival = kNever;
  result.records.push_back(held);
  const RunSummary s = summarize(result, context());
  EXPECT_EQ(s.unfinished, 2);
  EXPECT_DOUBLE_EQ(s.duration_s, 7);
}

TEST(RunSummary, NothingFinishedGivesNullsAndZeros) {
  SimulationResult result;
  result.records.resize(2);
  const auto json = to_json(summarize(result, RunContext{}));
  EXPECT_EQ(json["completed"], 0);
  EXPECT_EQ(json["unfinished"], 2);
  EXPECT_EQ(json["request_throughput"], 0.0);
  EXPECT_TRUE(json["mean_ttft_ms"].is_null());
  EXPECT_TRUE(json["transfer_ms"].is_null());
  EXPECT_TRUE(json["compression_ratio"].is_null());
}

// The names that other people's scripts rely on.
TEST(RunSummary, JsonHasTheNamesOfTheContract) {
  const auto json = to_json(summarize(three_requests(), context()));
  for (const char* name : {"completed",
                           "rejected",
                           "unfinished",
                           "duration_s",
                           "request_throughput",
                           "output_throughput",
                           "total_token_throughput",
                           "mean_ttft_ms",
                           "median_tpot_ms",
                           "std_itl_ms",
                           "p90_e2el_ms",
                           "p95_ttft_ms",
                           "p99_tpot_ms",
                           "request_goodput",
                           "slo_attainment",
                           "queue_ms",
                           "prefill_ms",
                           "encode_ms",
                           "network_ms",
                           "decode_codec_ms",
                           "transfer_ms",
                           "exposed_transfer_ms",
                           "kv_raw_bytes",
                           "kv_wire_bytes",
                           "compression_ratio",
                           "utilization"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
  for (const char* name : {"prefill", "decode", "codec", "links"})
    EXPECT_TRUE(json["utilization"].contains(name));
}

}  // namespace
}  // namespace kvferry::analysis
