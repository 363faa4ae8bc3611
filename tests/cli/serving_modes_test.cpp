// What results say about modes and caches: no figure, source or silence that misleads.
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kvferry {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSmoke = KVFERRY_TEST_FILES "/golden/smoke.yaml";

TEST(ServingModes, WithoutHandOffsNoCodecIsClaimed) {
  const auto table = run_kvferry("run -q --set mode=colocated " + kSmoke);
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(Not(HasSubstr("wire bytes")), Not(HasSubstr("\ntransfer "))));
  const json summary =
      json::parse(run_kvferry("run -q --format json --set mode=colocated " + kSmoke).out);
  for (const char* what : {"codec_time", "codec_size", "transfer_engine"}) {
    EXPECT_EQ(summary["provenance"][what]["kind"], "none");
    EXPECT_EQ(summary["provenance"][what]["source"], "nothing is handed off");
  }
  EXPECT_EQ(summary["decode_iterations"], 0);
  EXPECT_GT(summary["mixed_iterations"], 0);
}

TEST(ServingModes, AnFp8CacheIsNotCalledBf16) {
  const auto result = run_kvferry("run -q --set transfer.codec=none --set kv_type=fp8 " + kSmoke);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("raw bytes of the KV cache"), Not(HasSubstr("BF16"))));
}

// Each of the four stages' GPUs encodes its part, so that the share is of four times the GPUs.
TEST(ServingModes, AllGpusOfAPipelineShareTheEncoding) {
  const auto encode_share = [](const std::string& stages) {
    const json summary = json::parse(run_kvferry("run -q --format json --set "
                                                 "prefill.pipeline_parallel=" +
                                                 stages + " " + kSmoke)
                                         .out);
    return summary["utilization"]["codec"]["encode"].get<double>() *
           summary["duration_s"].get<double>();
  };
  EXPECT_LT(encode_share("4"), 0.7 * encode_share("1"));
}

TEST(ServingModes, EveryPolicyOfAnEngineIsListed) {
  const std::string list = run_kvferry("list policies").out;
  for (const char* word : {"fcfs", "shortest-first", "priority", "recompute", "swap", "never"})
    EXPECT_THAT(list, HasSubstr(word));
}

TEST(PrefixCaching, WithoutBlockIdsItIsSaidToHaveNoEffect) {
  const std::string warning = "prefix_caching has no effect";
  EXPECT_THAT(run_kvferry("run --set prefill.prefix_caching=true " + kSmoke).err,
              HasSubstr(warning));
  EXPECT_THAT(run_kvferry("run --set prefill.prefix_caching=true --set "
                          "'workload.shared_prefix={groups: 2, tokens: 64}' " +
                          kSmoke)
                  .err,
              Not(HasSubstr(warning)));
}

// Only the conversation itself says how many tokens its blocks have.
TEST(PrefixCaching, BlocksThatCannotBeMatchedAreRefusedOnceTheTraceIsRead) {
  const TemporaryFolder folder;
  const std::string trace = (folder.path() / "trace.json").string();
  write_text(trace, R"({"id": "c", "models": ["m"], "block_size": 64, "hash_id_scope": "local",
    "tool_tokens": 0, "system_tokens": 0, "totals": {"subagent_count": 0,
    "parent_tokens": {"input": 130, "output": 10}, "subagent_tokens": {"input": 0, "output": 0},
    "combined_tokens": {"input": 130, "output": 10}},
    "requests": [{"t": 0, "type": "n", "model": "m", "in": 130, "out": 10, "stop": "",
    "api_time": 2, "hash_ids": [1, 2], "input_types": [], "output_types": []}]})");
  const std::string scenario = (folder.path() / "s.yaml").string();
  write_text(scenario,
             "model: llama-3.1-8b\n"
             "prefill: {instances: 1, gpu: h100-sxm, prefix_caching: true, kv_block_tokens: 24}\n"
             "decode: {instances: 1, gpu: h100-sxm}\n"
             "network: {topology: two-tier, link_bandwidth: 100 Gbit/s}\n"
             "workload: {trace: {format: weka, path: trace.json}}\n");
  for (const std::string command : {"run", "validate"}) {
    const auto refused = run_kvferry(command + " " + scenario);
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err,
                HasSubstr("key 'prefill': error: with prefix_caching, kv_block_tokens 24 and the "
                          "workload's blocks of 64 tokens do not divide one another"));
    EXPECT_EQ(run_kvferry(command + " --set prefill.kv_block_tokens=16 " + scenario).status, 0);
  }
}

TEST(TraceAccount, IsWholeInTheSummary) {
  const TemporaryFolder folder;
  const std::string trace = (folder.path() / "trace.csv").string();
  write_text(trace,
             "arrival_s,input_tokens,output_tokens,session_id\n0,100,2,1\n1,100,0,\n2,200,2,1\n");
  const std::string scenario = (folder.path() / "s.yaml").string();
  write_text(scenario,
             "model: llama-3.1-8b\n"
             "prefill: {instances: 1, gpu: h100-sxm}\n"
             "decode: {instances: 1, gpu: h100-sxm}\n"
             "network: {topology: two-tier, link_bandwidth: 100 Gbit/s}\n"
             "workload: {trace: {format: csv, path: trace.csv, start: 0.5 s, "
             "on_zero_output: prefill-only}}\n");
  const auto result = run_kvferry("run -q --format json " + scenario);
  ASSERT_EQ(result.status, 0) << result.err;
  const json account = json::parse(result.out)["provenance"]["trace"]["account"];
  EXPECT_EQ(account["rows_read"], 3);
  EXPECT_EQ(account["emitted"], 2);
  EXPECT_EQ(account["sessions"], 1);
  EXPECT_EQ(account["orphan_turns"], 1) << "the turn before it lies outside of the window";
  EXPECT_EQ(account["prefill_only"], 1);
  EXPECT_EQ(account["byte_order_mark"], false);
}

// What only shows when the requests are made is said with the place of the section.
TEST(WorkloadFaults, NameTheirPlace) {
  const auto result = run_kvferry(
      "run " + kSmoke + " --set 'workload.arrivals={process: users, users: 4, rate: 8 /s}'" +
      " --set 'workload.sessions={turns: {constant: 3}}'");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("smoke.yaml:11:3: error: key 'workload': workload: users who "
                                    "wait for their answers and sessions cannot be combined"));
}

}  // namespace
}  // namespace kvferry
