// Pipeline stages and groups of experts in the time of an iteration.
#include "sim/iteration_time.hpp"
#include "sim/kv_memory.hpp"
#include "sim/placement.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

namespace kvferry::sim {
namespace {

PoolConfig staged(const std::string& gpu_name, std::int32_t ranks, std::int32_t stages) {
  PoolConfig config = pool(gpu_name, ranks);
  config.pipeline_parallel = stages;
  config.stage_bandwidth = {50e9};
  return config;
}

ModelSpec with_layers(const std::string& name, std::int32_t layers) {
  ModelSpec spec = model(name);
  spec.layers = layers;
  return spec;
}

// A full pipeline of two stages: twice the time of a half of the batch on a half of the layers, and
// one send of 2 * 32 * 4096 bytes at 50 GB/s.
TEST(Pipeline, AnIterationIsStagesTimesOnePart) {
  const IterationTime two(staged("h100-sxm", 1, 2), model("llama-3.1-8b"), stack(),
                          WeightType::bf16);
  const IterationTime half(pool("h100-sxm", 1), with_layers("llama-3.1-8b", 16), stack(),
                           WeightType::bf16);
  const double send = 2.0 * 32 * 4096 / 50e9;
  const double expected = 2 * half.decode({32, 32 * 1001, 1000}).value + send;
  EXPECT_NEAR(two.decode({64, 64 * 1001, 1000}).value / expected, 1, 1e-12);
}

// A lone sequence passes both stages, one after the other: nothing overlaps.
TEST(Pipeline, ALoneSequenceGainsNothing) {
  const IterationTime two(staged("h100-sxm", 1, 2), model("llama-3.1-8b"), stack(),
                          WeightType::bf16);
  const IterationTime one(pool("h100-sxm", 1), model("llama-3.1-8b"), stack(), WeightType::bf16);
  EXPECT_GT(two.decode({1, 1001, 1000}), one.decode({1, 1001, 1000}));
  const PrefillItem prompt{8192, 0};
  EXPECT_GT(two.prefill({&prompt, 1}), one.prefill({&prompt, 1}));
}

TEST(Pipeline, SeriesFollowsAnUnchangedBatch) {
  for (const std::int64_t sequences : {1, 3, 64}) {
    const IterationTime time(staged("h200-sxm", 8, 4), model("deepseek-v3"), stack(),
                             WeightType::fp8);
    const DecodeLoad load{sequences, sequences * 1001, 1000};
    const DecodeSeries series = time.decode_series(load);
    EXPECT_EQ(series.first, time.parts({}, load).total);
    for (std::int64_t k = 0; k <= 5000; k += 500) {
      const DecodeLoad grown{sequences, sequences * (1001 + k), 1000 + k};
      const double predicted = series.first.value + static_cast<double>(k) * series.step.value;
      EXPECT_NEAR(predicted / time.decode(grown).value, 1, 1e-12);
    }
  }
}

// 61 layers in four stages: the largest has 16.
TEST(Pipeline, TheLargestStageDecides) {
  const IterationTime four(staged("h200-sxm", 8, 4), model("deepseek-v3"), stack(),
                           WeightType::fp8);
  ModelSpec stage = with_layers("deepseek-v3", 16);
  stage.moe->dense_layers = 0;
  const IterationTime one(pool("h200-sxm", 8), stage, stack(), WeightType::fp8);
  const double send = 3 * 2.0 * 16 * 7168 / 50e9;
  EXPECT_NEAR(
      four.decode({64, 64 * 501, 500}).value / (4 * one.decode({16, 16 * 501, 500}).value + send),
      1, 1e-12);
}

TEST(Pipeline, BlocksAndWeightsAreThoseOfAStage) {
  const KvMemory one = kv_memory(pool("h100-sxm", 2), model("llama-3.1-70b"), WeightType::bf16);
  const KvMemory two =
      kv_memory(staged("h100-sxm", 2, 2), model("llama-3.1-70b"), WeightType::bf16);
  EXPECT_EQ(2 * two.block.value, one.block.value);
  EXPECT_NEAR(static_cast<double>(two.weights.value) / static_cast<double>(one.weights.value), 0.5,
              0.01);
  EXPECT_GT(two.blocks, 4 * one.blocks);
}

// Three instances of 16 GPUs on nodes of 8 take two nodes each; behind them come two of 4 GPUs.
TEST(Pipeline, InstancesLargerThanANodeStartOnOneOfTheirOwn) {
  SimulationConfig config = small_system();
  config.prefill = staged("h100-sxm", 8, 2);
  config.prefill.instances = 3;
  config.decode = pool("h100-sxm", 4);
  config.decode.instances = 2;
  const Placement placement = place(config);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(placement.engines[i].first, static_cast<topologies::GpuId>(16 * i));
    EXPECT_EQ(placement.engines[i].count, 16);
    EXPECT_EQ(placement.engines[i].stages, 2);
  }
  EXPECT_EQ(placement.engines[3].first, 48);
  EXPECT_EQ(placement.engines[4].first, 52);
  EXPECT_EQ(placement.topology.gpu_count, 56);
}

// One all-reduce and an exchange of tokens, there and back, per layer of experts.
TEST(ExpertGroups, ExchangeTakesThePlaceOfAnAllReduce) {
  PoolConfig grouped = pool("h100-sxm", 8);
  grouped.expert_parallel = 8;
  const ModelSpec& qwen = model("qwen3-30b-a3b");
  const IterationTime groups(grouped, qwen, stack(), WeightType::bf16);
  const IterationTime shared(pool("h100-sxm", 8), qwen, stack(), WeightType::bf16);
  const DecodeLoad load{256, 256 * 1000, 1000};
  const double all_reduces = shared.parts({}, load).all_reduce.value;
  const MoeTime moe(grouped.gpu, qwen, 8, 8, WeightType::bf16);
  EXPECT_NEAR(groups.parts({}, load).all_reduce.value / (all_reduces / 2 + 48 * moe.exchange(256)),
              1, 1e-12);
}

}  // namespace
}  // namespace kvferry::sim
