#include "sim/kv_memory.hpp"

#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

namespace kvferry::sim {
namespace {

// 80 GB * 0.9 - 16.06 GB of weights = 55.94 GB; a block of 16 tokens is 16 * 128 KiB = 2 MiB.
TEST(KvMemory, IsWhatTheWeightsLeave) {
  const KvMemory memory = kv_memory(pool("h100-sxm", 1), model("llama-3.1-8b"), WeightType::bf16);
  EXPECT_EQ(memory.budget.value, 72'000'000'000);
  EXPECT_NEAR(static_cast<double>(memory.weights.value), 16.06e9, 0.01e9);
  EXPECT_EQ(memory.block.value, 2'097'152);
  EXPECT_EQ(memory.blocks, (memory.budget - memory.weights).value / 2'097'152);
}

TEST(KvMemory, IsZeroWhenTheWeightsDoNotFit) {
  const auto blocks = [](std::int32_t tensor_parallel) {
    return kv_memory(pool("h100-sxm", tensor_parallel), model("llama-3.1-70b"), WeightType::bf16)
        .blocks;
  };
  EXPECT_EQ(blocks(1), 0);
  EXPECT_GT(blocks(2), 0);
  EXPECT_GT(blocks(4), 2 * blocks(2)) << "twice the memory, and weights shared by more";
}

TEST(KvMemory, Fp8WeightsLeaveMoreRoom) {
  const auto weights = [](WeightType type) {
    return weight_bytes(model("llama-3.1-70b"), type).value;
  };
  EXPECT_NEAR(static_cast<double>(weights(WeightType::bf16)), 141.1e9, 0.1e9);
  EXPECT_LT(weights(WeightType::fp8), 0.53 * static_cast<double>(weights(WeightType::bf16)));
}

// gpt-oss-120b on one B200: a block holds 16 tokens of the 18 full layers, 2 * 2 * 18 * 8 * 64
// bytes each; a sequence takes 9 of them for its windows of 128 tokens.
TEST(KvMemory, WindowsLeaveRoomForMoreSequences) {
  PoolConfig b200 = pool("b200-sxm", 2);
  const KvMemory memory = kv_memory(b200, model("gpt-oss-120b"), WeightType::bf16);
  EXPECT_EQ(memory.block.value, 16 * 2 * 2 * 18 * 4 * 64);
  EXPECT_EQ(memory.window_blocks, 9);
}

TEST(KvMemory, ALatentCacheIsWholeOnEveryGpu) {
  const KvMemory memory = kv_memory(pool("h200-sxm", 8), model("deepseek-v3"), WeightType::fp8);
  EXPECT_EQ(memory.block.value, 16 * 70'272);
  EXPECT_NEAR(static_cast<double>(memory.weights.value), 86e9, 2e9);
}

TEST(KvMemory, TheReserveIsNeitherWeightsNorCache) {
  PoolConfig config = pool("h100-sxm", 1);
  const Bytes before = kv_memory(config, model("llama-3.1-8b"), WeightType::bf16).budget;
  config.activation_reserve = {4'000'000'000};
  const Bytes after = kv_memory(config, model("llama-3.1-8b"), WeightType::bf16).budget;
  EXPECT_EQ((before - after).value, 4'000'000'000);
}

TEST(KvMemory, AnFp8CacheHoldsTwiceTheTokens) {
  ModelSpec spec = model("llama-3.1-8b");
  const std::int64_t bf16 = kv_memory(pool("h100-sxm", 1), spec, WeightType::bf16).blocks;
  spec.kv_type = KvType::fp8;
  EXPECT_NEAR(static_cast<double>(kv_memory(pool("h100-sxm", 1), spec, WeightType::bf16).blocks),
              2.0 * static_cast<double>(bf16), 1);
}

}  // namespace
}  // namespace kvferry::sim
