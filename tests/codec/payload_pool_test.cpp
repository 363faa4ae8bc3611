#include "codec/payload_pool.hpp"

#include "codec/splitzip.hpp"
#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace kvferry::codec {
namespace {

PayloadSpec small_spec(CodebookScope scope) {
  return {*find_kv_preset("llama-3.1-8b"), {4, 8, 128, 64}, {scope}, 3};
}

// The values that frame_bytes() speaks of, built for real: the pool's chunks from `first_chunk` on,
// cyclically.
std::vector<std::uint16_t> repeated(const std::vector<std::uint16_t>& pool,
                                    std::uint64_t first_chunk, std::uint64_t count) {
  std::vector<std::uint16_t> values(count);
  for (std::uint64_t i = 0; i < count; ++i)
    values[i] = pool[(first_chunk * 8192 + i) % pool.size()];
  return values;
}

std::vector<std::uint16_t> evaluated_values(const PayloadSpec& spec, int layer, KvKind kind) {
  return synthesize_kv(spec.preset, spec.shape, kind, layer, spec.seed, 2);
}

EncodeParameters calibrated(const PayloadSpec& spec, int layer, KvKind kind) {
  KvShape shape = spec.shape;
  shape.tokens /= 4;
  const auto values = synthesize_kv(spec.preset, shape, kind, layer, spec.seed, 1);
  ExponentHistogram histogram{};
  count_exponents(std::as_bytes(std::span(values)), DType::bf16, histogram);
  FrameFormat format;
  if (spec.frames.rule != FrameRule::w4_positional) format.mode = EscapeMode::sentinel;
  if (spec.frames.rule == FrameRule::w3_sentinel) format.code_bits = 3;
  if (spec.frames.rule == FrameRule::smallest)
    format = choose_format(histogram, DType::bf16).format;
  return {Codebook::most_frequent(histogram, max_codebook_size(format)), format};
}

void expect_exact_sizes(const PayloadSpec& spec) {
  const PayloadPool pool = PayloadPool::synthesize(spec);
  RandomStream random(1, "slices");
  for (int i = 0; i < 60; ++i) {
    const int layer = static_cast<int>(random.below(4));
    const KvKind kind = random.below(2) == 0 ? KvKind::key : KvKind::value;
    const auto values = evaluated_values(spec, layer, kind);
    const std::uint64_t first = random.below(values.size() / 8192);
    const std::uint64_t count = 1 + random.below(3 * values.size());
    const auto frame = encode(repeated(values, first, count), calibrated(spec, layer, kind));
    ASSERT_EQ(pool.frame_bytes(layer, kind, first, count).value,
              static_cast<std::int64_t>(frame.size()))
        << "layer " << layer << " first " << first << " count " << count;
  }
}

TEST(PayloadPool, SizesEqualThoseOfRealFrames) {
  expect_exact_sizes(small_spec(CodebookScope::per_tensor));
}

TEST(PayloadPool, SizesEqualThoseOfRealFramesWithRawChunks) {
  PayloadSpec spec = small_spec(CodebookScope::per_tensor);
  // Scales over 60 octaves: most exponents escape, and chunks turn raw.
  spec.preset.key.channel_sigma = 12;
  spec.preset.value.channel_sigma = 3;
  expect_exact_sizes(spec);
  EXPECT_GT(PayloadPool::synthesize(spec).escape_rate(), 0.1);
}

TEST(PayloadPool, SizesEqualThoseOfRealFramesInEveryFormat) {
  for (const FrameRule rule :
       {FrameRule::w4_sentinel, FrameRule::w3_sentinel, FrameRule::smallest}) {
    PayloadSpec spec = small_spec(CodebookScope::per_tensor);
    spec.frames.rule = rule;
    expect_exact_sizes(spec);
  }
}

TEST(PayloadPool, NarrowCodesCompressMore) {
  PayloadSpec spec = small_spec(CodebookScope::per_tensor);
  spec.frames.rule = FrameRule::smallest;
  EXPECT_NEAR(PayloadPool::synthesize(spec).compression_ratio(), 1.40, 0.01);
}

TEST(PayloadPool, AHandOffIsTheSumOfItsLayersFrames) {
  const PayloadPool pool = PayloadPool::synthesize(small_spec(CodebookScope::per_tensor));
  Bytes sum{};
  for (int layer = 1; layer < 3; ++layer) {
    for (const KvKind kind : {KvKind::key, KvKind::value}) {
      sum += pool.frame_bytes(layer, kind, pool.first_chunk(77, layer, kind), 100 * 1024);
    }
  }
  EXPECT_EQ(pool.wire_bytes({77, 1, 2, 100, 1024}), sum);
}

TEST(PayloadPool, RequestsStartAtDifferentChunks) {
  const PayloadPool pool = PayloadPool::synthesize(small_spec(CodebookScope::per_tensor));
  std::vector<int> hits(8);
  for (std::int64_t request = 0; request < 800; ++request)
    ++hits[pool.first_chunk(request, 0, KvKind::key)];
  for (const int count : hits) EXPECT_NEAR(count, 100, 45);
}

TEST(PayloadPool, IsTheSameEveryTime) {
  const PayloadSpec spec = small_spec(CodebookScope::per_tensor);
  const PayloadPool a = PayloadPool::synthesize(spec);
  const PayloadPool b = PayloadPool::synthesize(spec);
  EXPECT_EQ(a.fingerprint(), b.fingerprint());
  EXPECT_EQ(a.wire_bytes({5, 0, 4, 333, 1024}), b.wire_bytes({5, 0, 4, 333, 1024}));
}

TEST(PayloadPool, CompressesByAboutFourThirdsAndACodebookPerTensorEscapesLess) {
  const PayloadPool per_tensor = PayloadPool::synthesize(small_spec(CodebookScope::per_tensor));
  const PayloadPool global = PayloadPool::synthesize(small_spec(CodebookScope::global));
  EXPECT_NEAR(per_tensor.compression_ratio(), 1.33, 0.01);
  EXPECT_LT(per_tensor.escape_rate(), global.escape_rate());
  EXPECT_GT(per_tensor.escape_rate(), 0);
}

}  // namespace
}  // namespace kvferry::codec
