// Models, GPUs and pools that do not go together: what is said, to the letter where it matters.
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SystemFaults, BlocksOfTraceAndCacheMustDivideOneAnother) {
  const std::string text =
      replaced(kValid,
               "  arrivals: {process: poisson, rate: 8 /s}\n  lengths: {input: {constant: 1000}, "
               "output: {constant: 100}}\n",
               "  trace: {format: mooncake, path: " + kSomeFile + "}\n");
  EXPECT_THAT(errors_of(text, {{"decode.kv_block_tokens=48"}}), ElementsAre("no error"));
  EXPECT_THAT(errors_of(text, {{"decode.kv_block_tokens=48"}, {"decode.prefix_caching=true"}}),
              ElementsAre("s.yaml:5:9: error: key 'decode': with prefix_caching, kv_block_tokens "
                          "48 and the workload's blocks of "
                          "512 tokens do not divide one another"));
  EXPECT_THAT(errors_of(text, {{"decode.kv_block_tokens=1024"}, {"decode.prefix_caching=true"}}),
              ElementsAre("no error"));
}

TEST(SystemFaults, BlocksOfSharedPrefixesAndCacheMustDivideOneAnother) {
  const Override caching{"prefill.prefix_caching=true"};
  const Override blocks{"prefill.kv_block_tokens=24"};
  EXPECT_THAT(errors_of(kValid, {caching, blocks}), ElementsAre("no error"));
  for (const char* sharing : {"workload.shared_prefix={groups: 2, tokens: 64}",
                              "workload.sessions={turns: {constant: 2}}"}) {
    EXPECT_THAT(errors_of(kValid, {caching, {sharing}}), ElementsAre("no error"));
    EXPECT_THAT(
        errors_of(kValid, {caching, blocks, {sharing}}),
        ElementsAre("s.yaml:4:10: error: key 'prefill': with prefix_caching, kv_block_tokens "
                    "24 and the workload's blocks of 16 tokens do not divide one another"));
  }
}

TEST(SystemFaults, AFaultyModelIsNotMeasured) {
  EXPECT_THAT(
      errors_of(kValid, {{"model={base: llama-3.1-8b, sliding_window: 100, windowed_layers: 33}"}}),
      ElementsAre("--set model={base: llama-3.1-8b, sliding_window: 100, windowed_layers: 33}: "
                  "error: key 'model': windowed_layers must be at most the layers, 32, found 33"));
}

TEST(SystemFaults, AReserveBeyondTheMemoryLeavesNothing) {
  EXPECT_THAT(errors_of(kValid, {{"decode.activation_reserve=90 GB"}}),
              ElementsAre(HasSubstr("need 16 GB per GPU, 0 MB are available (0.9 of 80 GB on "
                                    "h100-sxm, less activation_reserve 90 GB), 16 GB too few")));
}

TEST(SystemFaults, AModelThatDoesNotFitSaysByHowMuchAndWhatWould) {
  const auto errors = errors_of(kValid, {{"model=llama-3.1-70b"}, {"decode.tensor_parallel=4"}});
  EXPECT_THAT(
      errors,
      ElementsAre(
          "s.yaml:4:10: error: key 'prefill': llama-3.1-70b does not fit: weights and one KV block "
          "need 141.1 GB per GPU, 72 GB are available (0.9 of 80 GB on h100-sxm), 69.1 GB too few; "
          "it fits with tensor_parallel: 2"));
  EXPECT_THAT(errors_of(kValid, {{"model=llama-3.1-405b"}, {"decode.tensor_parallel=8"}}).front(),
              HasSubstr("it fits with tensor_parallel: 8 and pipeline_parallel: 2"));
  EXPECT_THAT(
      errors_of(kValid, {{"model=llama-3.1-405b"}, {"prefill.kv_memory_fraction=0.001"}}).front(),
      HasSubstr("no tensor_parallel up to 8 with pipeline_parallel up to 16 makes it fit"));
}

TEST(SystemFaults, AnActivationReserveLeavesLessRoom) {
  EXPECT_THAT(errors_of(kValid, {{"prefill.activation_reserve=60 GB"}}).front(),
              HasSubstr("12 GB are available (0.9 of 80 GB on h100-sxm, less activation_reserve 60 "
                        "GB), 4063 MB too few; it fits with tensor_parallel: 2"));
}

TEST(SystemFaults, AModelThatCannotBeSplitIsRefused) {
  EXPECT_EQ(error_of_override("prefill.tensor_parallel=3"),
            "--set prefill.tensor_parallel=3: error: key 'prefill.tensor_parallel': "
            "expected 1, 2, 4 or 8, found '3'");
  const auto errors = errors_of(
      kValid, {{"model={base: llama-3.1-8b, kv_heads: 3}"}, {"prefill.tensor_parallel=2"}});
  EXPECT_THAT(
      errors.front(),
      HasSubstr("tensor_parallel 2 does not divide llama-3.1-8b (changed): 32 heads, 3 KV heads"));
  const auto straddles =
      errors_of(kValid, {{"network.gpus_per_node=2"}, {"decode.tensor_parallel=4"}});
  EXPECT_THAT(straddles.front(), HasSubstr("tensor_parallel 4 does not fit into a node of 2 GPUs"));
}

TEST(SystemFaults, ExpertsThatCannotBeSplitAreRefused) {
  const auto first_of = [](std::vector<Override> overrides) {
    overrides.push_back({"decode.tensor_parallel=4"});
    overrides.push_back({"prefill.tensor_parallel=4"});
    const auto errors = errors_of(kValid, overrides);
    return errors.empty() ? "no error" : errors.front();
  };
  EXPECT_EQ(first_of({{"model=mixtral-8x7b"}, {"decode.expert_parallel=4"}}), "no error");
  EXPECT_THAT(first_of({{"decode.expert_parallel=2"}}),
              HasSubstr("expert_parallel 2, but llama-3.1-8b has no experts"));
  EXPECT_THAT(first_of({{"model=mixtral-8x7b"}, {"decode.expert_parallel=8"}}),
              HasSubstr("expert_parallel 8 must divide tensor_parallel 4"));
  EXPECT_THAT(
      first_of({{"model={base: mixtral-8x7b, moe: {experts: 6}}"}, {"decode.expert_parallel=4"}}),
      HasSubstr("6 experts over expert_parallel 4, FFN 14336 over 1 GPUs"));
  EXPECT_THAT(first_of({{"model={base: mixtral-8x7b, moe: {top_k: 9}}"}}),
              HasSubstr("moe: top_k must be at most the experts, 8, found 9"));
}

TEST(SystemFaults, StagesMustFitTheModelAndTheNodes) {
  EXPECT_EQ(error_of_override("decode.pipeline_parallel=3"),
            "--set decode.pipeline_parallel=3: error: key 'decode.pipeline_parallel': "
            "expected 1, 2, 4, 8 or 16, found '3'");
  EXPECT_THAT(
      errors_of(kValid, {{"model={base: llama-3.1-8b, layers: 6}"}, {"decode.pipeline_parallel=8"}})
          .front(),
      HasSubstr("pipeline_parallel 8 exceeds the 6 layers"));
  EXPECT_THAT(errors_of(kValid, {{"network.gpus_per_node=6"},
                                 {"decode.tensor_parallel=4"},
                                 {"decode.pipeline_parallel=2"}})
                  .front(),
              HasSubstr("stages of tensor_parallel 4 would straddle nodes of 6 GPUs"));
  EXPECT_THAT(errors_of(kValid, {{"model={base: llama-3.1-8b, head_dim: 68}"},
                                 {"decode.pipeline_parallel=8"}})
                  .front(),
              HasSubstr("pipeline_parallel 8 does not divide the 68 values of a KV head"));
}

TEST(SystemFaults, WhatWasNotMeasuredOnAGpuIsRefused) {
  const auto first_of = [](const std::vector<Override>& overrides) {
    const auto errors = errors_of(kValid, overrides);
    return errors.empty() ? "no error" : errors.front();
  };
  EXPECT_THAT(first_of({{"model=mixtral-8x7b"}, {"prefill.gpu=l40s"}}),
              HasSubstr("l40s has no measurements of experts: use a dense model, or another GPU"));
  EXPECT_THAT(first_of({{"model=deepseek-v3"}, {"prefill.gpu=a100-sxm-80gb"}}),
              HasSubstr("a100-sxm-80gb has no measurements of latent attention"));
  EXPECT_THAT(first_of({{"kv_type=fp8"}, {"transfer.codec=none"}, {"prefill.gpu=a100-sxm-80gb"}}),
              HasSubstr("a100-sxm-80gb has no measurements of an FP8 KV cache: use kv_type: bf16"));
  EXPECT_THAT(first_of({{"kv_type=fp8"}, {"transfer.codec=splitzip"}}),
              HasSubstr("SplitZip encodes BF16 values: an fp8 cache travels with "
                        "transfer.codec: none"));
  EXPECT_EQ(first_of({{"kv_type=fp8"}, {"transfer.codec=none"}}), "no error");
}

TEST(SystemFaults, Fp8WeightsNeedAGpuThatHasThem) {
  EXPECT_THAT(
      errors_of(kValid, {{"weights=fp8"}, {"prefill.gpu=a100-sxm-80gb"}}).front(),
      HasSubstr("a100-sxm-80gb has no FP8 measurements: use weights: bf16, or another GPU"));
}

}  // namespace
}  // namespace kvferry::scenarios
