// kvferry calibrate: from a table of measurements to a stack that scenarios use.
#include "scenarios/load_scenario.hpp"
#include "sim/base/random.hpp"
#include "tests/cli/run_program.hpp"
#include "tests/sim/small_system.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace kvferry {
namespace {

using ::testing::HasSubstr;

const std::string kHeader =
    "gpu,model,weights,tensor_parallel,prefill,decode_sequences,decode_context_tokens,measured_"
    "ms\n";

std::string scenario(const std::string& stack) {
  return "model: llama-3.1-8b\nstack: " + stack +
         "\nprefill: {instances: 1, gpu: h100-sxm}\ndecode: {instances: 1, gpu: h100-sxm}\n"
         "network: {topology: two-tier, link_bandwidth: 100 Gbit/s}\n"
         "workload:\n  arrivals: {process: poisson, rate: 1 /s}\n"
         "  lengths: {input: {constant: 100}, output: {constant: 10}}\n  requests: 3\n";
}

// Decode iterations and prompts of two models on 1 to 8 H100, under a stack of the catalog, with
// 1 % of noise.
std::string synthetic_timings(const sim::StackProfile& stack) {
  std::ostringstream csv;
  csv << kHeader;
  RandomStream random(5, "noise");
  for (const std::string name : {"llama-3.1-8b", "qwen3-32b"}) {
    for (const std::int32_t ranks : {1, 2, 4, 8}) {
      const sim::IterationTime time(sim::pool("h100-sxm", ranks), sim::model(name), stack,
                                    sim::WeightType::bf16);
      const auto measured = [&](const sim::IterationParts& parts) {
        return 1e3 * parts.total.value * (1 + 0.02 * (random.uniform() - 0.5));
      };
      const std::string system = "h100-sxm," + name + ",bf16," + std::to_string(ranks) + ",";
      for (std::int64_t sequences = 1; sequences <= 256; sequences *= 2) {
        for (const std::int64_t context : {200, 2000, 8000}) {
          const sim::DecodeLoad load{sequences, sequences * (context + 1), context};
          csv << system << "," << sequences << "," << sequences * context << ","
              << measured(time.parts({}, load)) << "\n";
        }
      }
      for (const std::int64_t tokens : {512, 2048, 8192}) {
        const sim::PrefillItem prompt{tokens, 128};
        csv << system << tokens << "+128,0,0," << measured(time.parts({&prompt, 1}, {})) << "\n";
      }
    }
  }
  return csv.str();
}

TEST(CalibrateCommand, RecoversTheStackOfSyntheticTimings) {
  const sim::StackProfile& truth = sim::named(scenarios::known_stacks(), "trtllm-1.0-h100-bf16");
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "timings.csv") << synthetic_timings(truth);
  const auto stack_file = folder.path() / "mine.yaml";
  const auto output = run_kvferry("calibrate " + (folder.path() / "timings.csv").string() + " -o " +
                                  stack_file.string());
  ASSERT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("240 timings in 8 groups"));

  const auto scenario_file = (folder.path() / "s.yaml").string();
  const sim::StackProfile fitted =
      scenarios::load_scenario_text(scenario("mine.yaml"), scenario_file, {}).system.stack;
  EXPECT_EQ(fitted.name, "mine");
  EXPECT_THAT(fitted.source, HasSubstr("240 timings of timings.csv"));
  EXPECT_NEAR(fitted.gemm_factor / truth.gemm_factor, 1, 0.03);
  EXPECT_NEAR(fitted.attention_factor / truth.attention_factor, 1, 0.03);
  EXPECT_NEAR(fitted.all_reduce_factor / truth.all_reduce_factor, 1, 0.1);
  EXPECT_NEAR(fitted.per_iteration / truth.per_iteration, 1, 0.1);
  EXPECT_NEAR(fitted.per_sequence / truth.per_sequence, 1, 0.05);

  std::ofstream(scenario_file) << scenario("mine.yaml");
  const auto run = run_kvferry("run -q " + scenario_file);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("stack mine: fitted to 240 timings"));
}

TEST(CalibrateCommand, EveryFaultyRowIsNamedWithItsPlace) {
  const TemporaryFolder folder;
  const auto file = (folder.path() / "t.csv").string();
  std::ofstream(file) << kHeader << "h100,llama-3.1-8b,bf16,1,,1,100,5\n"
                      << "h100-sxm,llama-3.1-8b,int4,1,,1,100,5\n"
                      << "h100-sxm,llama-3.1-8b,bf16,3,,1,100,5\n"
                      << "h100-sxm,llama-3.1-8b,bf16,1,12+,0,0,5\n"
                      << "h100-sxm,llama-3.1-8b,bf16,1,,0,0,5\n"
                      << "h100-sxm,llama-3.1-8b,bf16,1,,1,100,0\n"
                      << "a100-sxm-80gb,llama-3.1-8b,fp8,1,,1,100,5\n"
                      << "h100-sxm,llama-3.1-8b,bf16,1,,1\n";
  const auto output = run_kvferry("calibrate " + file);
  EXPECT_EQ(output.status, 2);
  EXPECT_EQ(output.out, "");
  EXPECT_THAT(output.err, HasSubstr(file + ":2:1: error: 'gpu': unknown name 'h100' (did you mean "
                                           "'h100-sxm'?); allowed: a100-sxm-80gb"));
  EXPECT_THAT(output.err, HasSubstr(":3:23: error: 'weights': expected bf16 or fp8, found 'int4'"));
  EXPECT_THAT(output.err,
              HasSubstr(":4:28: error: 'tensor_parallel': expected 1, 2, 4 or 8, found '3'"));
  EXPECT_THAT(output.err, HasSubstr(":5:30: error: 'prefill': expected new+cached tokens with ; "
                                    "between prompts, as in 2048+0;512+64, found '12+'"));
  EXPECT_THAT(output.err,
              HasSubstr(":6:30: error: an iteration without prompts and decoding sequences"));
  EXPECT_THAT(output.err,
              HasSubstr(":7:37: error: 'measured_ms': expected milliseconds above 0, found '0'"));
  EXPECT_THAT(output.err, HasSubstr(":8:32: error: a100-sxm-80gb has no FP8 measurements"));
  EXPECT_THAT(output.err, HasSubstr(":9"));
}

TEST(CalibrateCommand, AMissingColumnIsNamed) {
  const TemporaryFolder folder;
  const auto file = (folder.path() / "t.csv").string();
  std::ofstream(file) << "gpu,model,weights,tensor_parallel,prefill\n";
  const auto output = run_kvferry("calibrate " + file);
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.err, HasSubstr("decode_sequences"));
}

TEST(CalibrateCommand, FaultsOfAStackFileHaveItsPlace) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "bad.yaml") << "base: vllm-0.12\ngem_factor: 2\n";
  std::ofstream(folder.path() / "s.yaml") << scenario("bad.yaml");
  const auto output = run_kvferry("validate " + (folder.path() / "s.yaml").string());
  EXPECT_EQ(output.status, 2);
  EXPECT_THAT(output.err, HasSubstr("bad.yaml:2:1: error: unknown key 'gem_factor' (did you mean "
                                    "'gemm_factor'?)"));
}

}  // namespace
}  // namespace kvferry
