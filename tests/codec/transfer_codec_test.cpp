#include "codec/transfer_codec.hpp"

#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

constexpr KvSlice kSlice{7, 0, 4, 100, 1024};  // 4 layers x 2 x 100 tokens x 1,024 values x 2 bytes

std::shared_ptr<const PayloadPool> small_pool() {
  return std::make_shared<const PayloadPool>(PayloadPool::synthesize(
      {*find_kv_preset("llama-3.1-8b"), {4, 8, 128, 64}, {CodebookScope::per_tensor}, 1}));
}

TEST(TransferCodec, WithoutACodecTheRawBytesTravelAtNoCost) {
  const auto codec = make_raw_transfer();
  const HandoffCost cost = codec->handoff(kSlice);
  EXPECT_EQ(cost.wire.value, 4 * 2 * 100 * 1024 * 2);
  EXPECT_EQ(cost.encode.value, 0);
  EXPECT_EQ(cost.decode.value, 0);
  EXPECT_EQ(codec->sources().time, Provenance::none);
}

TEST(TransferCodec, ARecordedProfileGivesTimesAndThePoolGivesSizes) {
  const auto pool = small_pool();
  const auto codec = make_recorded_codec(pool, built_in_profiles().front());
  const HandoffCost cost = codec->handoff(kSlice);
  EXPECT_DOUBLE_EQ(cost.encode.value, 88.5e-6 + 1'638'400 / 613.3e9);
  EXPECT_DOUBLE_EQ(cost.decode.value, 33.5e-6 + 1'638'400 / 2181.8e9);
  EXPECT_EQ(cost.wire, pool->wire_bytes(kSlice));
  EXPECT_EQ(codec->sources().time, Provenance::published);
  EXPECT_EQ(codec->sources().size, Provenance::measured_live);
}

TEST(TransferCodec, TheCpuCodecMeasuresItsTimesHere) {
  const auto codec = make_cpu_codec(small_pool());
  const HandoffCost cost = codec->handoff(kSlice);
  EXPECT_GT(cost.encode.value, 0);
  EXPECT_GT(cost.decode.value, 0);
  EXPECT_LT(cost.wire, kSlice.raw_bytes());
  EXPECT_EQ(codec->sources().time, Provenance::measured_live);
}

TEST(TransferCodec, ConstantRatesAreLabelledAsAssumed) {
  const auto codec = make_constant_codec({{{10e-6}, {100e9}}, {{5e-6}, {200e9}}, 2.0});
  const HandoffCost cost = codec->handoff(kSlice);
  EXPECT_DOUBLE_EQ(cost.encode.value, 10e-6 + 1'638'400 / 100e9);
  EXPECT_DOUBLE_EQ(cost.decode.value, 5e-6 + 1'638'400 / 200e9);
  EXPECT_EQ(cost.wire.value, 819'200);
  EXPECT_EQ(codec->sources().time, Provenance::assumed);
  EXPECT_EQ(codec->sources().time_source,
            "the scenario: encode 10 us + raw / 100 GB/s, decode 5 us + raw / 200 GB/s");
}

}  // namespace
}  // namespace kvferry::codec
