#include "sim/kv_blocks.hpp"

#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

namespace kvferry::sim {
namespace {

TEST(KvBlocks, AllocatesWholeBlocksOrNothing) {
  KvBlocks blocks(10, 16);
  EXPECT_TRUE(blocks.try_allocate(33));  // 3 blocks
  EXPECT_EQ(blocks.used(), 3);
  EXPECT_TRUE(blocks.try_allocate(112));  // 7 blocks
  EXPECT_FALSE(blocks.try_allocate(1));
  EXPECT_EQ(blocks.used(), 10);
  blocks.release(33);
  EXPECT_EQ(blocks.used(), 7);
}

TEST(KvBlocks, KnowsWhatCanNeverFit) {
  const KvBlocks blocks(10, 16);
  EXPECT_TRUE(blocks.can_ever_hold(160));
  EXPECT_FALSE(blocks.can_ever_hold(161));
}

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

}  // namespace
}  // namespace kvferry::sim
