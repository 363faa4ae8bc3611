#include "scenarios/load_scenario.hpp"

#include "scenarios/catalog.hpp"
#include "tests/scenarios/scenario_text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace kvferry::scenarios {
namespace {

TEST(LoadScenario, ReadsWhatIsWrittenAndFillsInTheRest) {
  const Scenario scenario = load(kValid);
  EXPECT_EQ(scenario.name, "test");
  EXPECT_EQ(scenario.seed, 3U);
  EXPECT_EQ(scenario.system.model.layers, 32);
  EXPECT_EQ(scenario.system.prefill.instances, 2);
  EXPECT_EQ(scenario.system.prefill.max_batch_tokens, 8192);
  EXPECT_EQ(scenario.system.decode.tensor_parallel, 1);
  const auto& nodes = std::get<topologies::TwoTierSpec>(scenario.system.network.topology);
  EXPECT_EQ(nodes.link_bandwidth.value, 12.5e9);
  EXPECT_EQ(nodes.nvlink_bandwidth.value, 450e9) << "from the GPU";
  EXPECT_EQ(scenario.system.transfer.overlap, sim::Overlap::pipelined);
  EXPECT_EQ(scenario.codec.codec, TransferCodecName::splitzip);
  EXPECT_EQ(scenario.codec.payload.preset.name, "llama-3.1-8b");
  EXPECT_EQ(scenario.codec.profile.name, "h200-sxm");
  const auto& workload = std::get<workloads::SyntheticSpec>(scenario.workload);
  EXPECT_EQ(std::get<workloads::RenewalArrivals>(workload.arrivals).rate.value, 8);
  EXPECT_EQ(workload.requests, 10);
}

TEST(LoadScenario, RoutersHaveAPolicyPerPoolAndTheScenariosSeed) {
  const Scenario scenario =
      load(kValid, {{"router={prefill: prefix-aware, decode: power-of-two}"}});
  EXPECT_EQ(scenario.system.prefill.router, sim::RouterPolicy::prefix_aware);
  EXPECT_EQ(scenario.system.decode.router, sim::RouterPolicy::power_of_two);
  EXPECT_EQ(scenario.system.seed, 3U);
  EXPECT_EQ(load(kValid, {{"router.decode=session-sticky"}}).system.decode.router,
            sim::RouterPolicy::session_sticky);
}

TEST(LoadScenario, PrefixCachingIsAskedForPoolByPool) {
  const Scenario plain = load(kValid);
  EXPECT_FALSE(plain.system.prefill.prefix_caching);
  EXPECT_FALSE(plain.system.decode.prefix_caching);
  EXPECT_TRUE(plain.system.transfer.skip_cached);
  const Scenario scenario =
      load(kValid, {{"decode.prefix_caching=true"}, {"transfer.skip_cached=false"}});
  EXPECT_FALSE(scenario.system.prefill.prefix_caching);
  EXPECT_TRUE(scenario.system.decode.prefix_caching);
  EXPECT_FALSE(scenario.system.transfer.skip_cached);
}

TEST(LoadScenario, TheNameDefaultsToThatOfTheFile) {
  EXPECT_EQ(load(replaced(kValid, "name: test\n", "")).name, "s");
}

TEST(LoadScenario, OverridesReplaceAddAndAreAppliedInOrder) {
  const Scenario scenario = load(kValid, {{"seed=9"},
                                          {"prefill.instances=4"},
                                          {"prefill.instances=5"},
                                          {"slo.ttft=2 s"},
                                          {"workload.lengths.output={uniform: {min: 5, max: 9}}"}});
  EXPECT_EQ(scenario.seed, 9U);
  EXPECT_EQ(scenario.system.prefill.instances, 5);
  EXPECT_EQ(scenario.slo.ttft->value, 2);
  const auto& lengths = std::get<workloads::IndependentLengths>(
      std::get<workloads::SyntheticSpec>(scenario.workload).lengths);
  EXPECT_EQ(describe(lengths.output), "uniform from 5 to 9");
}

TEST(LoadScenario, ModelsAndGpusMayBeGivenInline) {
  const Scenario scenario =
      load(replaced(kValid, "model: llama-3.1-8b",
                    "model: {base: llama-3.1-8b, layers: 16, max_context: 8192}"),
           {{"decode.gpu={base: h200-sxm, memory: 96 GB}"}});
  EXPECT_EQ(scenario.system.model.layers, 16);
  EXPECT_EQ(scenario.system.model.hidden, 4096) << "from the base";
  EXPECT_EQ(scenario.system.model.max_context, 8192);
  EXPECT_EQ(scenario.system.model.name, "llama-3.1-8b (changed)");
  EXPECT_EQ(scenario.system.decode.gpu.memory.value, 96'000'000'000);
  EXPECT_EQ(scenario.system.decode.gpu.memory_bandwidth.value, 4800e9);
}

TEST(LoadScenario, AModelWithoutABaseNeedsAllDimensions) {
  const auto errors = errors_of(kValid, {{"model={layers: 2, hidden: 64}"}});
  ASSERT_EQ(errors.size(), 5U);
  EXPECT_EQ(errors.front(),
            "--set model={layers: 2, hidden: 64}: error: missing key 'model.heads'");
}

TEST(LoadScenario, ConstantCodecFiguresComeFromTheScenario) {
  const Scenario scenario =
      load(kValid, {{"codec={timing: constant, encode_rate: 600 GB/s, decode_rate: 2 TB/s, "
                     "encode_overhead: 80 us, ratio: 1.3}"}});
  EXPECT_EQ(scenario.codec.timing, CodecTiming::constant);
  EXPECT_EQ(scenario.codec.constant.encode.rate.value, 600e9);
  EXPECT_EQ(scenario.codec.constant.encode.fixed.value, 80e-6);
  EXPECT_EQ(scenario.codec.constant.decode.fixed.value, 0);
  EXPECT_EQ(scenario.codec.constant.compression_ratio, 1.3);
}

TEST(LoadScenario, PathsAreRelativeToTheFileOrInOverridesToTheCurrentFolder) {
  const std::string trace = replaced(kValid,
                                     "  arrivals: {process: poisson, rate: 8 /s}\n  lengths: "
                                     "{input: {constant: 1000}, output: {constant: 100}}\n",
                                     "  trace: {path: t.jsonl, format: mooncake}\n");
  EXPECT_EQ(errors_of(trace).front(),
            "s.yaml:9:17: error: key 'workload.trace.path': no such file: 't.jsonl'");
  try {
    load(trace);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(
        error.messages().front(),
        "folder/s.yaml:9:17: error: key 'workload.trace.path': no such file: 'folder/t.jsonl'");
  }
  const Scenario scenario = load(trace, {{"workload.trace.path=" + kSomeFile}});
  EXPECT_EQ(std::get<workloads::TraceSpec>(scenario.workload).path, kSomeFile);
}

TEST(LoadScenario, TheResolvedScenarioLoadsToItself) {
  const Scenario scenario = load(kValid, {{"slo={ttft: 1 s}"}, {"horizon=1 h"}});
  const std::string resolved = to_yaml(scenario.resolved);
  const Scenario again = load(resolved);
  EXPECT_EQ(to_yaml(again.resolved), resolved);
  EXPECT_EQ(again.system.horizon->value, 3600);
  EXPECT_EQ(again.seed, scenario.seed);
}

// Wherever the resolved scenario is put, it finds the same trace.
TEST(LoadScenario, TheResolvedScenarioNamesItsFilesAbsolutely) {
  const Scenario scenario = load(
      replaced(kValid,
               "  arrivals: {process: poisson, rate: 8 /s}\n  lengths: {input: {constant: 1000}, "
               "output: {constant: 100}}\n",
               "  trace: {path: x, format: mooncake}\n"),
      {{"workload.trace.path=" + std::filesystem::relative(kSomeFile).string()}});
  const Scenario again = load(to_yaml(scenario.resolved));
  const std::filesystem::path path = std::get<workloads::TraceSpec>(again.workload).path;
  EXPECT_TRUE(path.is_absolute());
  EXPECT_TRUE(std::filesystem::equivalent(path, kSomeFile));
}

TEST(LoadScenario, ChangedSpecificationsSaySo) {
  const Scenario scenario = load(kValid, {{"prefill.gpu={base: h100-sxm, memory: 96 GB}"},
                                          {"model={base: llama-3.1-8b, layers: 16}"}});
  EXPECT_EQ(scenario.system.prefill.gpu.origin, sim::SpecOrigin::scenario);
  EXPECT_EQ(scenario.system.decode.gpu.origin, sim::SpecOrigin::catalog);
  EXPECT_EQ(scenario.system.model.source, "llama-3.1-8b changed by the scenario (layers)");
}

TEST(LoadScenario, TraceRowsAboveAContextAreDroppedOrRefused) {
  const std::string trace = replaced(kValid,
                                     "  arrivals: {process: poisson, rate: 8 /s}\n  lengths: "
                                     "{input: {constant: 1000}, output: {constant: 100}}\n",
                                     "  trace: {path: " + kSomeFile +
                                         ", format: azure, max_context: 4096, "
                                         "on_over_context: reject}\n");
  const Scenario scenario = load(trace);
  const auto& options = std::get<workloads::TraceSpec>(scenario.workload).options;
  EXPECT_EQ(options.max_context_tokens, 4096);
  EXPECT_EQ(options.on_over_context, workloads::OnOverContext::reject);
}

// The options of a scenario whose workload is a trace with these keys.
workloads::TraceSpec load_trace(const std::string& keys) {
  const Scenario scenario = load_scenario_text(
      kValid, "s.yaml", {{"workload={trace: {path: " + kSomeFile + ", " + keys + "}}"}});
  return std::get<workloads::TraceSpec>(scenario.workload);
}

TEST(LoadScenario, EveryFormatHasItsOwnDefaultsAndKeys) {
  using namespace workloads;  // NOLINT
  EXPECT_EQ(load_trace("format: mooncake, turn_input: delta").options.turn_input, TurnInput::delta);
  EXPECT_EQ(load_trace("format: qwen").options.block_tokens, 16);
  EXPECT_EQ(load_trace("format: burstgpt").options.on_zero_output, OnZeroOutput::drop);
  EXPECT_EQ(load_trace("format: burstgpt, model: GPT-4").options.model, "GPT-4");
  const TraceSpec weka = load_trace(
      "format: weka, subagent_marker: spawn, idle_gap_cap: 10 s, session_arrivals: {process: "
      "poisson, rate: 2 /s}");
  EXPECT_EQ(weka.options.replay, Replay::closed);
  EXPECT_EQ(weka.options.on_zero_output, OnZeroOutput::prefill_only);
  EXPECT_EQ(weka.options.subagent_marker, SubagentMarker::spawn);
  EXPECT_EQ(weka.options.idle_gap_cap, Seconds{10});
  EXPECT_TRUE(weka.starts);
  EXPECT_EQ(load_trace("format: servegen, rate: 5 /s").options.rate, PerSecond{5});
  EXPECT_EQ(load_trace("format: csv, replay: open").options.replay, Replay::open);
}

TEST(LoadScenario, KeysOfOtherFormatsAreUnknown) {
  const auto errors = errors_of(
      kValid, {{"workload={trace: {path: " + kSomeFile + ", format: vidur, replay: closed}}"}});
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("unknown key 'workload.trace.replay'"), std::string::npos) << errors[0];
}

TEST(LoadScenario, DelaysCannotBeIgnoredWhereNobodyWaits) {
  const auto errors = errors_of(kValid, {{"workload={trace: {path: " + kSomeFile +
                                          ", format: csv, replay: open, ignore_delays: true}}"}});
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("with replay: open none does"), std::string::npos) << errors[0];
}

TEST(LoadScenario, ShippedScenariosAreValid) {
  for (const auto& file : std::filesystem::directory_iterator(KVFERRY_TEST_FILES "/../scenarios")) {
    if (file.path().extension() != ".yaml") continue;
    SCOPED_TRACE(file.path());
    std::vector<Override> overrides;
    const std::string name = file.path().stem();
    if (name == "mooncake" || name == "azure") {
      overrides.push_back({"workload.trace.path=" + kSomeFile});  // their data is not shipped
    }
    EXPECT_NO_THROW(load_scenario(file.path(), overrides));
  }
}

TEST(Catalog, HoldsTheGpusAndModelsWithTheirSources) {
  EXPECT_EQ(known_gpus().size(), 11U);
  EXPECT_EQ(known_models().size(), 27U);
  EXPECT_EQ(known_stacks().size(), 15U);
  for (const auto& gpu : known_gpus()) EXPECT_FALSE(gpu.source.empty()) << gpu.name;
  for (const auto& model : known_models()) EXPECT_FALSE(model.source.empty()) << model.name;
  EXPECT_FALSE(known_gpus().front().gemm_fp8) << "an A100 has no FP8";
}

}  // namespace
}  // namespace kvferry::scenarios
