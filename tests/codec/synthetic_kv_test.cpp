#include "codec/synthetic_kv.hpp"

#include "codec/codebook.hpp"

#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace kvferry::codec {
namespace {

struct Statistics {
  double entropy_bits;
  double top8;
  double top16;
};

void count(const std::vector<std::uint16_t>& values, ExponentHistogram& histogram) {
  count_exponents(std::as_bytes(std::span(values)), DType::bf16, histogram);
}

ExponentHistogram histogram_of(const KvPreset& preset, const KvShape& shape, KvKind kind) {
  ExponentHistogram histogram{};
  for (int layer = 0; layer < shape.layers; ++layer) {
    count(synthesize_kv(preset, shape, kind, layer, 1, 2), histogram);
  }
  return histogram;
}

Statistics statistics(const ExponentHistogram& histogram) {
  return {exponent_entropy_bits(histogram), coverage(histogram, 8), coverage(histogram, 16)};
}

Statistics together(const KvPreset& preset, const KvShape& shape) {
  ExponentHistogram sum = histogram_of(preset, shape, KvKind::key);
  const ExponentHistogram values = histogram_of(preset, shape, KvKind::value);
  for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += values[e];
  return statistics(sum);
}

// Published for one 1,024-token forward of Qwen3-32B: K 2.813 bit, 96.68 %, 99.89 %;
// V 3.318, 89.59, 99.81.
TEST(SyntheticKv, Qwen3HasThePublishedExponentsOfKAndV) {
  const KvPreset& preset = *find_kv_preset("qwen3-32b");
  const KvShape shape{64, 8, 128, 64};
  const Statistics k = statistics(histogram_of(preset, shape, KvKind::key));
  EXPECT_NEAR(k.entropy_bits, 2.813, 0.08);
  EXPECT_NEAR(k.top8, 0.9668, 0.008);
  EXPECT_NEAR(k.top16, 0.9989, 0.001);
  const Statistics v = statistics(histogram_of(preset, shape, KvKind::value));
  EXPECT_NEAR(v.entropy_bits, 3.318, 0.12);
  EXPECT_NEAR(v.top8, 0.8959, 0.03);
  EXPECT_NEAR(v.top16, 0.9981, 0.002);
}

// The fact that makes codebooks per layer worthwhile: each layer's V alone is narrow
// (published: 2.65 bit).
TEST(SyntheticKv, Qwen3ValuesDriftOverTheLayersButAreNarrowInEach) {
  const KvPreset& preset = *find_kv_preset("qwen3-32b");
  const KvShape shape{64, 8, 128, 64};
  for (const int layer : {0, 31, 63}) {
    ExponentHistogram histogram{};
    count(synthesize_kv(preset, shape, KvKind::value, layer, 1, 2), histogram);
    EXPECT_NEAR(exponent_entropy_bits(histogram), 2.65, 0.12) << "layer " << layer;
  }
}

// Published for one 1,024-token forward of Qwen3-Next: K 2.708 bit, 97.56 %, 99.97 %; V 2.819,
// 95.94, 99.95. V drifts little: 2.735 bit per layer.
TEST(SyntheticKv, Qwen3NextHasThePublishedExponentsOfKAndV) {
  const KvPreset& preset = *find_kv_preset("qwen3-next-80b-a3b");
  const KvShape shape{12, 2, 256, 64};
  const Statistics k = statistics(histogram_of(preset, shape, KvKind::key));
  EXPECT_NEAR(k.entropy_bits, 2.708, 0.05);
  EXPECT_NEAR(k.top8, 0.9756, 0.005);
  EXPECT_NEAR(k.top16, 0.9997, 0.0005);
  const Statistics v = statistics(histogram_of(preset, shape, KvKind::value));
  EXPECT_NEAR(v.entropy_bits, 2.819, 0.05);
  EXPECT_NEAR(v.top8, 0.9594, 0.01);
  EXPECT_NEAR(v.top16, 0.9995, 0.0005);
}

// Published for K and V together, from short prompts (about 19 tokens).
TEST(SyntheticKv, OtherPresetsHaveThePublishedExponentsOfShortPrompts) {
  struct Case {
    const char* preset;
    KvShape shape;
    Statistics published;
  };
  for (const Case& c : {Case{"llama-3.1-8b", {32, 8, 128, 19}, {3.302, 0.9085, 0.9964}},
                        Case{"llama-3.1-70b", {80, 8, 128, 19}, {3.408, 0.8967, 0.9947}},
                        Case{"qwen3-30b-a3b", {48, 4, 128, 19}, {3.589, 0.8354, 0.9931}}}) {
    const Statistics s = together(*find_kv_preset(c.preset), c.shape);
    EXPECT_NEAR(s.entropy_bits, c.published.entropy_bits, 0.15) << c.preset;
    EXPECT_NEAR(s.top8, c.published.top8, 0.035) << c.preset;
    EXPECT_NEAR(s.top16, c.published.top16, 0.003) << c.preset;
  }
}

TEST(SyntheticKv, TheSameSeedAndTextGiveTheSameValues) {
  const KvPreset& preset = *find_kv_preset("llama-3.1-8b");
  const KvShape shape{32, 8, 128, 4};
  const auto values = synthesize_kv(preset, shape, KvKind::key, 5, 1, 2);
  EXPECT_EQ(values, synthesize_kv(preset, shape, KvKind::key, 5, 1, 2));
  EXPECT_NE(values, synthesize_kv(preset, shape, KvKind::key, 5, 1, 3)) << "another text";
  EXPECT_NE(values, synthesize_kv(preset, shape, KvKind::key, 5, 2, 2)) << "another model";
  EXPECT_NE(values, synthesize_kv(preset, shape, KvKind::key, 6, 1, 2)) << "another layer";
  EXPECT_EQ(values.size(), 4U * 8 * 128);
}

TEST(SyntheticKv, UnknownPresetsAreNotFound) {
  EXPECT_EQ(find_kv_preset("gpt-5"), nullptr);
}

}  // namespace
}  // namespace kvferry::codec
