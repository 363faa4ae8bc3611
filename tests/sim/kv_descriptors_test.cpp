// Descriptor counts and sizes against those published for real connectors.
#include "sim/kv_descriptors.hpp"

#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace kvferry::sim {
namespace {

// Qwen3-32B as vLLM's NIXL connector hands it over: 64 layers, 8 KV heads of 128, FP8.
ModelSpec qwen3_32b_fp8() {
  ModelSpec model;
  model.layers = 64;
  model.kv_heads = 8;
  model.head_dim = 128;
  model.kv_type = KvType::fp8;
  return model;
}

ModelSpec gqa_bf16() {
  ModelSpec model = qwen3_32b_fp8();
  model.kv_type = KvType::bf16;
  return model;
}

// 2 * 64 * ceil(4900 / 16) = 39,296, and 9,856 in blocks of 64: "39.2k / 9.8k" in
// github.com/vllm-project/vllm/issues/50913, whose prompts had about 4.9k tokens; half a block per
// region is the rounding.
TEST(KvDescriptors, PagesOfVllmWithGroupedHeads) {
  const ModelSpec model = qwen3_32b_fp8();
  EXPECT_EQ(raw_descriptors(model, 64, 4900, 16), 39'296);
  EXPECT_EQ(raw_descriptors(model, 64, 4900, 64), 9'856);
  EXPECT_NEAR(39'296, 39'200, 2 * 64);
  EXPECT_NEAR(9'856, 9'800, 2 * 64);
  EXPECT_EQ(raw_descriptor_size(model, {64, 4900, 16}, 2, PageLayout::heads_first), Bytes{8192})
      << "two lanes of four heads";
  EXPECT_EQ(raw_descriptor_size(model, {64, 4900, 64}, 2, PageLayout::heads_first), Bytes{32768});
}

// BF16, one lane: 32,768 and 131,072 bytes in pages of 16 and 64 tokens.
TEST(KvDescriptors, PagesWithGroupedHeadsInBf16) {
  EXPECT_EQ(raw_descriptor_size(gqa_bf16(), {64, 100, 16}, 1, PageLayout::heads_first),
            Bytes{32'768});
  EXPECT_EQ(raw_descriptor_size(gqa_bf16(), {64, 100, 64}, 1, PageLayout::heads_first),
            Bytes{131'072});
}

// 576 values of 2 bytes per token: 18,432 and 73,728 bytes; layers * pages of them.
TEST(KvDescriptors, PagesOfALatentCache) {
  const ModelSpec& deepseek = model("deepseek-v3");
  EXPECT_EQ(raw_descriptor_size(deepseek, {61, 100, 16}, 1, PageLayout::heads_first),
            Bytes{18'432});
  EXPECT_EQ(raw_descriptor_size(deepseek, {61, 100, 64}, 1, PageLayout::heads_first),
            Bytes{73'728});
  EXPECT_EQ(raw_descriptors(deepseek, 61, 1000, 64), 61 * 16);
}

// 5,120 tokens are 320 blocks of 16: pieces times their size are the lane's bytes.
TEST(KvDescriptors, FullPiecesAddUpToTheBytesOfTheLane) {
  const ModelSpec model = gqa_bf16();
  for (const PageLayout layout :
       {PageLayout::heads_first, PageLayout::tokens_first, PageLayout::whole_page}) {
    for (const LaneHeads heads : {LaneHeads::whole, LaneHeads::part}) {
      const KvPart part{64, 5120, 16, heads};
      const std::int64_t pieces = raw_descriptors(model, part, {layout, 1});
      EXPECT_EQ(raw_descriptor_size(model, part, 4, layout) * pieces * 4,
                kv_bytes_per_token(model) * 5120);
    }
  }
}

// Blocks that store token after token fall apart when a lane takes some of the heads: one piece per
// token, layer, and K or V ("grinds to a halt", github.com/sgl-project/sglang/pull/18968).
TEST(KvDescriptors, UnequalTensorParallelismCutsTokensApart) {
  const ModelSpec model = gqa_bf16();
  const KvPart part{64, 5120, 16, LaneHeads::part};
  EXPECT_EQ(raw_descriptors(model, part, {PageLayout::heads_first, 1}), 2 * 64 * 320);
  EXPECT_EQ(raw_descriptors(model, part, {PageLayout::tokens_first, 1}), 2 * 64 * 5120);
  const KvPart whole{64, 5120, 16, LaneHeads::whole};
  EXPECT_EQ(raw_descriptors(model, whole, {PageLayout::tokens_first, 1}), 2 * 64 * 320);
}

// Eight heads: 2 per rank of 4, 1 per rank of 8, and of 16, where each is held twice.
TEST(KvDescriptors, LanesTakePartOfTheHeadsOfTheSmallerSide) {
  const ModelSpec model = gqa_bf16();
  EXPECT_EQ(lane_heads(model, 4, 4), LaneHeads::whole);
  EXPECT_EQ(lane_heads(model, 4, 8), LaneHeads::part);
  EXPECT_EQ(lane_heads(model, 8, 1), LaneHeads::part);
  EXPECT_EQ(lane_heads(model, 16, 8), LaneHeads::whole);
  EXPECT_EQ(lane_heads(sim::model("deepseek-v3"), 8, 1), LaneHeads::whole) << "a latent cache";
}

TEST(KvDescriptors, WholePagesHoldAllLayers) {
  const KvPart part{64, 5000, 16, LaneHeads::whole};
  EXPECT_EQ(raw_descriptors(gqa_bf16(), part, {PageLayout::whole_page, 1}), 313);
}

// 167 MB in blocks of 64 tokens are 5,096 pieces of 32 KiB; NIXL posted 1,785
// (github.com/vllm-project/vllm/pull/51919): 2.855 pieces in each. 5,096 / 128 = 39.8: 40 blocks.
TEST(KvDescriptors, NeighboursAreMerged) {
  const ModelSpec model = qwen3_32b_fp8();
  const KvPart part{64, 40 * 64, 64, LaneHeads::whole};
  EXPECT_EQ(raw_descriptors(model, part, {PageLayout::heads_first, 1}), 5'120);
  EXPECT_EQ(raw_descriptors(model, part, {PageLayout::heads_first, 2.855}), 1'794);
  EXPECT_EQ(raw_descriptors(model, part, {PageLayout::heads_first, 1e9}), 1) << "never none";
}

TEST(KvDescriptors, NothingIsNoDescriptor) {
  EXPECT_EQ(raw_descriptors(gqa_bf16(), 64, 0, 16), 0);
  EXPECT_EQ(raw_descriptors(gqa_bf16(), 0, 100, 16), 0);
  EXPECT_EQ(raw_descriptors(gqa_bf16(), 64, 1, 16), 128) << "a block that is not full";
}

constexpr BytesPerSecond kLine{10e9};
constexpr LaneLoad kRaw{{10'000'000}, 1000};
constexpr LaneLoad kFrames{{7'000'000}, 4};

TransferEngine posting(double per_descriptor_us, double blend) {
  TransferEngine engine;
  engine.per_descriptor = {per_descriptor_us * 1e-6};
  engine.blend = blend;
  return engine;
}

// Sum: raw 1 + 0.5 ms, fewer bytes 0.7 + 0.5, frames 0.7 + 0.002.
TEST(HandoffSavings, BytesAndDescriptorsAddUp) {
  const HandoffSavings savings = handoff_savings(posting(0.5, 1), kRaw, kFrames, kLine);
  EXPECT_NEAR(savings.raw.value, 1.5e-3, 1e-15);
  EXPECT_NEAR(savings.by_bytes.value, 0.3e-3, 1e-15);
  EXPECT_NEAR(savings.by_descriptors.value, 0.498e-3, 1e-15);
  EXPECT_NEAR(savings.left().value, 0.702e-3, 1e-15);
}

// Maximum, 2 us each: posting takes 2 ms, behind which the wire hides with or without a codec. Frames
// take the wire's 0.7 ms.
TEST(HandoffSavings, WherePostingHidesTheWireFewerBytesAreWorthNothing) {
  const HandoffSavings savings =
      handoff_savings(posting(2, std::numeric_limits<double>::infinity()), kRaw, kFrames, kLine);
  EXPECT_EQ(savings.by_bytes, Seconds{0});
  EXPECT_NEAR(savings.by_descriptors.value, 1.3e-3, 1e-15);
}

TEST(HandoffSavings, WithoutCostPerDescriptorAllIsSavedByBytes) {
  const HandoffSavings savings = handoff_savings({}, kRaw, kFrames, kLine);
  EXPECT_NEAR(savings.by_bytes.value, 0.3e-3, 1e-15);
  EXPECT_EQ(savings.by_descriptors, Seconds{0});
}

// The example of scenarios/README.md: 39,296 descriptors of 8 KiB at 1.4 us are 55.0 ms, 322 MB at 49
// GB/s 6.6 ms, three quarters of them 4.9 ms.
TEST(HandoffSavings, PagesOverNixlAreBoundByPosting) {
  const TransferEngine& nixl = named(scenarios::known_transfer_engines(), "nixl-ucx-rdma-write");
  const std::int64_t pages = raw_descriptors(qwen3_32b_fp8(), 64, 4900, 16);
  const Bytes size{pages * 8192};
  const HandoffSavings savings =
      handoff_savings(nixl, {size, pages}, {{size.value * 3 / 4}, 16 * kFrameDescriptors}, {50e9});
  EXPECT_NEAR(savings.raw.value, 55.0e-3, 0.05e-3);
  EXPECT_EQ(savings.by_bytes, Seconds{0});
  EXPECT_NEAR(savings.by_descriptors.value, 50.1e-3, 0.05e-3);
  EXPECT_NEAR(savings.left().value, 4.9e-3, 0.05e-3);
  EXPECT_NEAR(wire_time(nixl, size, raw_descriptors(qwen3_32b_fp8(), 64, 4900, 64), {50e9}).value,
              13.8e-3, 0.05e-3);
  EXPECT_NEAR(wire_time(nixl, size, 16, {50e9}).value, 6.6e-3, 0.05e-3);
}

}  // namespace
}  // namespace kvferry::sim
