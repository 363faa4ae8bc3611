#include "sim/model_spec.hpp"

#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace kvferry::sim {
namespace {

struct Known {
  std::string name;
  double billions;         ///< published
  double active_billions;  ///< that a token passes, of the reference implementation
  std::int64_t kv_bytes_per_token;
};

// Published figures leave out small parts and are rounded: 0.3 %.
TEST(ModelSpec, SizesOfTheCatalogAreTheKnownOnes) {
  const std::vector<Known> all{Known{"llama-2-7b", 6.74, 6.738, 524288},
                               Known{"llama-2-13b", 13.02, 13.015, 819200},
                               Known{"llama-2-70b", 68.98, 68.975, 327680},
                               Known{"codellama-34b", 33.7, 33.743, 196608},
                               Known{"llama-3.1-8b", 8.03, 8.03, 131072},
                               Known{"llama-3.1-70b", 70.55, 70.552, 327680},
                               Known{"llama-3.1-405b", 405.85, 405.849, 516096},
                               Known{"qwen2.5-3b", 3.09, 3.086, 36864},
                               Known{"qwen2.5-7b", 7.62, 7.615, 57344},
                               Known{"qwen2.5-32b", 32.76, 32.763, 262144},
                               Known{"qwen2.5-72b", 72.71, 72.704, 327680},
                               Known{"qwen3-8b", 8.19, 8.19, 147456},
                               Known{"qwen3-14b", 14.77, 14.768, 163840},
                               Known{"qwen3-32b", 32.76, 32.761, 262144},
                               Known{"qwen3-30b-a3b", 30.53, 3.353, 98304},
                               Known{"qwen3-235b-a22b", 235.1, 22.19, 192512},
                               Known{"mistral-7b-v0.1", 7.24, 7.241, 131072},
                               Known{"mistral-nemo-12b", 12.25, 12.247, 163840},
                               Known{"yi-34b", 34.39, 34.388, 245760},
                               Known{"mixtral-8x7b", 46.7, 12.88, 131072},
                               Known{"deepseek-v3", 671, 37.551, 70272},
                               Known{"gpt-oss-120b", 116.8, 5.71, 73728},
                               Known{"gpt-oss-20b", 20.9, 4.186, 49152},
                               Known{"opt-13b", 12.85, 12.84, 819200},
                               Known{"opt-66b", 65.7, 65.693, 2359296},
                               Known{"opt-175b", 175, 174.564, 4718592},
                               Known{"bloom-176b", 176.2, 176.234, 4014080}};
  EXPECT_EQ(all.size(), scenarios::known_models().size());
  for (const Known& known : all) {
    const ModelSpec& spec = model(known.name);
    const auto billions = [](std::int64_t count) { return static_cast<double>(count) / 1e9; };
    EXPECT_NEAR(billions(parameter_count(spec)) / known.billions, 1, 0.003) << known.name;
    EXPECT_NEAR(billions(active_parameter_count(spec)) / known.active_billions, 1, 0.003)
        << known.name;
    EXPECT_EQ(kv_bytes_per_token(spec).value, known.kv_bytes_per_token) << known.name;
  }
}

TEST(ModelSpec, AnFp8CacheHasHalfOfTheBytes) {
  ModelSpec spec = model("llama-3.1-70b");
  spec.kv_type = KvType::fp8;
  EXPECT_EQ(kv_bytes_per_token(spec).value, 327'680 / 2);
}

// 18 of 36 layers keep 128 tokens: 36,864 bytes a token in either half.
TEST(ModelSpec, WindowsCapTheCache) {
  const ModelSpec& spec = model("gpt-oss-120b");
  EXPECT_EQ(kv_bytes(spec, 100).value, 100 * 73'728);
  EXPECT_EQ(kv_bytes(spec, 10'000).value, 10'000 * 36'864 + 128 * 36'864);
  EXPECT_EQ(kv_bytes(model("mistral-7b-v0.1"), 10'000).value, 4096 * 131'072);
  EXPECT_EQ(kv_bytes(model("llama-3.1-8b"), 10'000).value, 10'000 * 131'072);
}

TEST(ModelSpec, KvHeadsAreReplicatedBeyondOnePerGpu) {
  EXPECT_EQ(kv_heads_per_rank(model("qwen2.5-7b"), 1), 4);
  EXPECT_EQ(kv_heads_per_rank(model("qwen2.5-7b"), 4), 1);
  EXPECT_EQ(kv_heads_per_rank(model("qwen2.5-7b"), 8), 1);
  EXPECT_EQ(kv_heads_per_rank(model("deepseek-v3"), 8), 1) << "a latent cache is one head";
}

TEST(ModelSpec, GpusShareTheWeights) {
  const ModelSpec& llama = model("llama-3.1-70b");
  const std::int64_t all = weight_bytes(llama, WeightType::bf16).value;
  EXPECT_EQ(weight_bytes_per_gpu(llama, WeightType::bf16, {1, 1}).value, all);
  EXPECT_EQ(weight_bytes_per_gpu(llama, WeightType::bf16, {8, 1}).value, (all + 7) / 8);
  // Two stages: half of the layers, and one of the two tables of 128256 x 8192 BF16 values.
  const std::int64_t table = std::int64_t{2} * 128'256 * 8192;
  const std::int64_t norm = 2 * 8192;
  EXPECT_EQ(weight_bytes_per_gpu(llama, WeightType::bf16, {1, 2}).value,
            (all - 2 * table - norm) / 2 + table + norm);
}

// Of DeepSeek-V3 every rank holds 61 projections 7168 x (1536 + 576) with their norms, and 58
// routers 7168 x 256.
TEST(ModelSpec, RoutersAndDownProjectionsAreOnEveryGpu) {
  const ModelSpec& deepseek = model("deepseek-v3");
  const std::int64_t replicated =
      61 * (std::int64_t{7168} * (1536 + 576) + 1536 + 512) + 58 * std::int64_t{7168} * 256;
  const std::int64_t all = weight_bytes(deepseek, WeightType::fp8).value;
  EXPECT_EQ(weight_bytes_per_gpu(deepseek, WeightType::fp8, {8, 1}).value,
            (all - replicated + 7) / 8 + replicated);
}

}  // namespace
}  // namespace kvferry::sim
