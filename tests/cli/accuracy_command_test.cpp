// kvferry accuracy: measured serving systems beside simulated ones.
#include "tests/cli/run_program.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

namespace kvferry {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const std::string kHeader =
    "model_path,system,precision,backend,isl,osl,concurrency,tp_size,silicon_ttft_ms,silicon_tpot_"
    "ms,pp_size,attention_dp_size,source,note,licence\n";

std::string file_in(const TemporaryFolder& folder, const std::string& rows) {
  const auto path = folder.path() / "m.csv";
  write_text(path, kHeader + rows);
  return path.string();
}

Json json_of(const std::string& arguments) {
  const ProgramOutput output = run_kvferry("accuracy --format json " + arguments);
  EXPECT_EQ(output.status, 0) << output.err;
  return output.status == 0 ? Json::parse(output.out) : Json();
}

std::int64_t excluded_rows(const Json& result) {
  std::int64_t sum = 0;
  for (const Json& entry : result["exclusions"]) sum += entry["rows"].get<std::int64_t>();
  return sum;
}

// All times are made up.
const std::string kCovered =
    "meta-llama/Llama-3.1-8B-Instruct,h100_sxm,,trtllm,1024,128,8,1,40,10,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,sglang,1024,64,4,4,60,12,1,1,,,x\n"
    "llama-3.1-70b,h200-sxm,fp8,vllm,1024,64,4,4,60,12,1,0,benchmark-db-dump,,x\n";
const std::string kLeftOut =
    "deepseek-ai/DeepSeek-V3,h200_sxm,fp8,sglang,1024,64,4,8,60,12,,,,,x\n"
    "nobody/Llama-9,h200_sxm,fp8,vllm,1024,64,4,8,60,12,,,,,x\n"
    "llama-3.1-70,h200_sxm,fp8,vllm,1024,64,4,8,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,gb200,fp8,vllm,1024,64,4,8,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,fp4,vllm,1024,64,4,8,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,1024,64,4,8,60,12,,,,two servers,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,1024,64,,8,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,1024,64,4,8,60,12,2,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,1024,64,4,8,60,12,,2,,,x\n"
    "Qwen/Qwen3-32B,h200_sxm,,vllm,1024,64,4,8,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,1024,64,4,3,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,40000,2000,4,4,60,12,,,,,x\n"
    "Qwen/Qwen3-32B,h100_sxm,,vllm,8192,1024,512,2,60,12,,,,,x\n"
    "llama-3.1-70b,h100_sxm,,vllm,1024,64,4,1,60,12,,,,,x\n";

TEST(AccuracyCommand, EveryRowIsReplayedOrLeftOutForOneReason) {
  const TemporaryFolder folder;
  const Json result = json_of(file_in(folder, kCovered + kLeftOut));
  EXPECT_EQ(result["replayed"], 3);
  EXPECT_EQ(result["excluded"], 14);
  EXPECT_EQ(excluded_rows(result), 14);
  EXPECT_EQ(result["all"][0]["rows"], 3);
  const std::string reasons = result["exclusions"].dump();
  for (const char* reason :
       {"mixture of experts (no stack was fitted to one): deepseek-v3",
        "model not in the catalog: nobody/Llama-9",
        "model not in the catalog: llama-3.1-70 (did you mean 'llama-3.1-70b'?)",
        "GPU not in the catalog: gb200", "weights other than bf16 and fp8: fp4",
        "noted in the file: two servers", "concurrency not stated", "pipeline of stages",
        "data-parallel attention", "no stack profile of vllm on h200-sxm with bf16 weights",
        "tensor parallelism other than", "longer than the model's context", "weights do not fit",
        "KV cache saturated"})
    EXPECT_THAT(reasons, HasSubstr(reason));
}

TEST(AccuracyCommand, TheStackIsThePublishedOneOfBackendAndGpu) {
  const TemporaryFolder folder;
  const Json rows = json_of(file_in(folder, kCovered))["rows"];
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["stack"], "trtllm-1.0-h100-bf16");
  EXPECT_EQ(rows[1]["stack"], "sglang-0.5-h100");
  EXPECT_EQ(rows[2]["stack"], "vllm-h200-fp8");
  EXPECT_EQ(rows[2]["line"], 4);
}

TEST(AccuracyCommand, ARowIsTheScenarioThatItLeavesBehind) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const Json result = json_of(file_in(folder, kCovered) + " -o " + out.string());
  for (const Json& row : result["rows"]) {
    const auto scenario =
        out / "scenarios" / ("line-" + std::to_string(row["line"].get<int>()) + ".yaml");
    const ProgramOutput run = run_kvferry("run -q --format json " + scenario.string());
    ASSERT_EQ(run.status, 0) << run.err;
    const Json summary = Json::parse(run.out);
    EXPECT_EQ(summary["requests"], 10 * row["concurrency"].get<int>());
    EXPECT_EQ(summary["mean_tpot_ms"], row["simulated_tpot_ms"]);
    EXPECT_EQ(summary["mean_ttft_ms"], row["simulated_ttft_ms"]);
    EXPECT_NEAR(row["tpot_error"].get<double>(),
                summary["mean_tpot_ms"].get<double>() / row["measured_tpot_ms"].get<double>() - 1,
                1e-12);
  }
}

TEST(AccuracyCommand, HarnessesDifferInLengthsAndInHowPromptsShareIterations) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  json_of(file_in(folder, kCovered) + " -o " + out.string());
  const auto text = [&](const char* line) { return read_text(out / "scenarios" / line); };
  EXPECT_THAT(text("line-2.yaml"), HasSubstr("chunked_prefill: true"));
  EXPECT_THAT(text("line-2.yaml"), HasSubstr("{input: {constant: 1024}, output: {constant: 128}}"));
  EXPECT_THAT(text("line-3.yaml"), HasSubstr("chunked_prefill: false"));
  EXPECT_THAT(text("line-4.yaml"), HasSubstr("input: {uniform: {min: 820, max: 1024}}"));
}

TEST(AccuracyCommand, OutputDoesNotDependOnHowManyRunSideBySide) {
  const TemporaryFolder folder;
  const std::string file = file_in(folder, kCovered + kLeftOut);
  const ProgramOutput one = run_kvferry("accuracy -j 1 " + file);
  const ProgramOutput four = run_kvferry("accuracy -j 4 " + file);
  EXPECT_EQ(one.status, 0);
  EXPECT_EQ(one.out, four.out);
  EXPECT_THAT(one.out, HasSubstr("17 rows: 3 replayed, 14 left out"));
}

TEST(AccuracyCommand, TheCsvHasEveryRowOfTheFileInItsOrder) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  json_of(file_in(folder, kLeftOut + kCovered) + " -o " + out.string());
  const std::string csv = read_text(out / "rows.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 17);
  const std::string header = csv.substr(0, csv.find('\n'));
  const auto columns = std::count(header.begin(), header.end(), ',');
  EXPECT_EQ(std::count(csv.begin(), csv.end(), ','), 18 * columns);
  EXPECT_LT(csv.find("\n2,"), csv.find("\n18,"));
}

TEST(AccuracyCommand, OnlyTheSelectedRowsAreReplayed) {
  const TemporaryFolder folder;
  const std::string file = file_in(folder, kCovered);
  const Json result = json_of(file + " --gpu h100-sxm --model qwen3-32b");
  EXPECT_EQ(result["replayed"], 1);
  EXPECT_EQ(result["exclusions"][0]["reason"], "not selected by --gpu and --model");
  EXPECT_EQ(result["exclusions"][0]["rows"], 2);
}

TEST(AccuracyCommand, NothingToReplayIsNoFailure) {
  const TemporaryFolder folder;
  const ProgramOutput output = run_kvferry("accuracy " + file_in(folder, kLeftOut));
  EXPECT_EQ(output.status, 0);
  EXPECT_THAT(output.out, HasSubstr("14 rows: 0 replayed, 14 left out"));
}

TEST(AccuracyCommand, AnUnknownNameInTheSelectionIsRefused) {
  const ProgramOutput output = run_kvferry("accuracy x.csv --gpu h100-sx");
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.err, HasSubstr("--gpu h100-sx: error: unknown name (did you mean 'h100-sxm'?)"
                                    "; allowed: a100-sxm-80gb"));
}

TEST(AccuracyCommand, EveryFaultyRowIsNamedWithItsPlace) {
  const TemporaryFolder folder;
  const std::string file = file_in(folder,
                                   "m,g,,vllm,0,64,4,8,60,12,,,,,x\n"
                                   "m,g,,vllm,8,1,4,8,60,12,,,,,x\n"
                                   "m,g,,vllm,8,64,4.5,8,60,12,,,,,x\n"
                                   "m,g,,vllm,8,64,4,8,-1,nan,,,,,x\n"
                                   "m,g,,vllm,8,64\n");
  const ProgramOutput output = run_kvferry("accuracy " + file);
  EXPECT_EQ(output.status, 2);
  EXPECT_EQ(output.out, "");
  EXPECT_THAT(output.err, HasSubstr(file + ":2:11: error: 'isl': expected a whole number from 1 to "
                                           "1000000, found '0'"));
  EXPECT_THAT(output.err, HasSubstr(":3:13: error: 'osl': expected a whole number from 2"));
  EXPECT_THAT(output.err, HasSubstr(":4:16: error: 'concurrency': expected a whole number"));
  EXPECT_THAT(output.err,
              HasSubstr(":5:20: error: 'silicon_ttft_ms': expected milliseconds above 0"));
  EXPECT_THAT(output.err, HasSubstr(":6:1: error: expected 15 fields"));
}

TEST(AccuracyCommand, AMissingColumnIsNamed) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "m.csv";
  write_text(path, "model_path,system\nm,g\n");
  const ProgramOutput output = run_kvferry("accuracy " + path.string());
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.err, HasSubstr("the column 'backend' is missing"));
}

// The published measurements are not part of this repository. The bounds are loose: they hold what
// was found, rounded up, against changes that make the model worse unnoticed.
TEST(AccuracyCommand, PublishedMeasurementsOfVllmOnH100AreMet) {
  const std::string path = KVFERRY_SHARED_FILES "/perf/aic_silicon_e2e_agg.csv";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "NOT TESTED: the published measurements " << path << " are not here";
  const Json result = json_of(path + " --gpu h100-sxm --model llama-3.1-70b");
  EXPECT_EQ(result["replayed"], 41);
  EXPECT_EQ(result["replayed"].get<int>() + excluded_rows(result), 3619);
  const Json& stack = result["stacks"][0];
  EXPECT_EQ(stack["stack"], "vllm-0.12");
  EXPECT_LT(stack["tpot_error"]["p50"].get<double>(), 0.05);
  EXPECT_LT(stack["tpot_error"]["p90"].get<double>(), 0.10);
  EXPECT_LT(stack["ttft_error"]["p50"].get<double>(), 0.20);
}

}  // namespace
}  // namespace kvferry
