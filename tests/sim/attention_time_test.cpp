#include "sim/attention_time.hpp"

#include "sim/iteration_time.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace kvferry::sim {
namespace {

// H100, BF16: 13.44 us + 25.55 ns B + S [ (1152 / (BW .917))^p + (2 H' 1088 / (P 1.105))^p ]^(1/p),
// p = 1.59, with 128 / 8 heads per GPU and the whole latent cache on each.
TEST(AttentionTime, DecodeOnALatentCacheFollowsItsRoofline) {
  const AttentionTime time(gpu("h100-sxm"), model("deepseek-v3"), 8);
  const double tokens = 64 * 4096;
  const double memory = tokens * 1152 / (3352e9 * 0.917);
  const double compute = tokens * 2 * 16 * 1088 / (989.4e12 * 1.105);
  const double p = 1.59;
  const double expected =
      13.44e-6 + 64 * 25.55e-9 + std::pow(std::pow(memory, p) + std::pow(compute, p), 1 / p);
  EXPECT_NEAR(time.decode({64, 64 * 4096, 4095}, 1) / expected, 1, 1e-9);
}

TEST(AttentionTime, ALatentCacheIsReadWholeByEveryRank) {
  const AttentionTime one(gpu("h200-sxm"), model("deepseek-v3"), 1);
  const AttentionTime eight(gpu("h200-sxm"), model("deepseek-v3"), 8);
  const DecodeLoad load{16, 16 * 8192, 8191};
  const double bytes_s = 16.0 * 8192 * 1152 / (4800e9 * 0.917);
  EXPECT_GT(eight.decode(load, 1), bytes_s);
  EXPECT_LT(eight.decode(load, 1), one.decode(load, 1)) << "but with fewer heads";
}

// H100: 13.457 us + B (7.7204 ns + 8 * 21.143 ns) + 2 * 8 * 128 S / (BW .84302) + .11912 ns longest
TEST(AttentionTime, AnFp8CacheHasItsOwnFit) {
  ModelSpec spec = model("llama-3.1-8b");
  spec.kv_type = KvType::fp8;
  const AttentionTime time(gpu("h100-sxm"), spec, 1);
  const double expected = 13.457e-6 + 32 * (7.7204e-9 + 8 * 21.143e-9) +
                          2.0 * 8 * 128 * 100'000 / (3352e9 * 0.84302) + 0.11912e-9 * 4000;
  EXPECT_NEAR(time.decode({32, 100'000, 4000}, 1) / expected, 1, 1e-9);
}

// Down to 1536 + 576 on every GPU, up to 16 heads of 192 and of 256, output.
TEST(AttentionTime, LatentProjections) {
  const GpuSpec& h200 = gpu("h200-sxm");
  const AttentionTime time(h200, model("deepseek-v3"), 8);
  const auto gemm = [&](double columns, double inner) {
    return gemm_time(h200, {10, columns, inner}, WeightType::fp8);
  };
  const double expected =
      gemm(2112, 7168) + gemm(16 * 192, 1536) + gemm(16 * 256, 512) + gemm(7168, 16 * 128);
  EXPECT_NEAR(time.projections(10, WeightType::fp8) / expected, 1, 1e-12);
}

TEST(AttentionTime, PromptsOnALatentCacheGrowWithTheirSquare) {
  const AttentionTime time(gpu("h200-sxm"), model("deepseek-v3"), 8);
  const auto seconds = [&](std::int64_t tokens) {
    const PrefillItem item{tokens, 0};
    return time.prefill({&item, 1}, 1);
  };
  EXPECT_GT(seconds(65'536) / seconds(32'768), 3);
  EXPECT_LT(seconds(65'536) / seconds(32'768), 4);
}

}  // namespace
}  // namespace kvferry::sim
