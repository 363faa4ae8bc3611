#include "scenarios/catalog.hpp"

#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kvferry::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Catalog, SaysWhichGpusWereNotMeasured) {
  std::map<std::string, std::string> extrapolated;
  for (const auto& gpu : known_gpus()) {
    if (!gpu.extrapolated_from) continue;
    extrapolated[gpu.name] = *gpu.extrapolated_from;
    EXPECT_THAT(gpu.source, HasSubstr("extrapolated from the datasheet"));
    EXPECT_TRUE(gpu.moe_measured.empty()) << "measured times are another GPU's";
  }
  EXPECT_THAT(
      extrapolated,
      ElementsAre(Pair("a100-pcie-80gb", "a100-sxm-80gb"), Pair("a100-sxm-40gb", "a100-sxm-80gb"),
                  Pair("a40", "a100-sxm-80gb"), Pair("h100-pcie-80gb", "h100-sxm"),
                  Pair("mi300x", "h100-sxm"), Pair("t4", "a100-sxm-80gb")));
}

TEST(Catalog, PricesHaveSources) {
  int priced = 0;
  for (const auto& gpu : known_gpus()) {
    if (!gpu.usd_per_hour) continue;
    ++priced;
    EXPECT_GT(*gpu.usd_per_hour, 0);
    EXPECT_NE(gpu.price_source, "-") << gpu.name;
  }
  EXPECT_EQ(priced, 9);
}

TEST(Catalog, ModelsWithExpertsWindowsAndLatentCachesAreRead) {
  const std::string text =
      replaced(kValid, "model: llama-3.1-8b",
               "model: {base: deepseek-v3, layers: 8, moe: {dense_layers: 1}, max_context: 4096}");
  const Scenario scenario = load_scenario_text(text, "s.yaml",
                                               {{"weights=fp8"},
                                                {"prefill.tensor_parallel=8"},
                                                {"decode.tensor_parallel=8"},
                                                {"decode.expert_parallel=4"},
                                                {"decode.pipeline_parallel=2"}});
  const sim::ModelSpec& model = scenario.system.model;
  EXPECT_EQ(model.moe->dense_layers, 1);
  EXPECT_EQ(model.moe->experts, 256) << "the base's";
  EXPECT_EQ(model.mla->kv_rank, 512);
  EXPECT_EQ(scenario.system.decode.gpus_per_instance(), 16);
  EXPECT_EQ(scenario.system.decode.expert_parallel, 4);
  EXPECT_EQ(scenario.system.decode.stage_bandwidth,
            topologies::nic_bandwidth(scenario.system.network.topology))
      << "16 GPUs are two nodes";
  EXPECT_EQ(scenario.system.prefill.stage_bandwidth, scenario.system.prefill.gpu.nvlink_bandwidth);
}

}  // namespace
}  // namespace kvferry::scenarios
