// Layer-wise overlap, break-even bandwidths and the adaptive codec against their closed forms, on a
// network without contention.
#include "tests/sim/transfer_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-12;

TransferConfig layerwise() {
  TransferConfig config;
  config.overlap = Overlap::layerwise;
  config.layers_per_chunk = 4;  // of 32 layers: 8 chunks
  return config;
}

// Prefill computes 8 chunks of layers in 0.8 s, one every 0.1 s. With every stage of a chunk below
// that, only the last chunk is exposed:
//   ready = 0.8 + encode + wire + latency + decode.
TEST(Layerwise, IsHiddenBehindPrefillWhenEveryStageIsShorterThanItsComputation) {
  const Stages stages{0.02, 0.09, 0.03, 0.001};
  TransferBench bench(stages, layerwise());
  bench.computing_s = 0.8;
  const RequestRecord& record = bench.begin_at(1);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 1 + 0.8 + 0.02 + 0.09 + 0.001 + 0.03, kTolerance_s);
  EXPECT_EQ(record.transfer_start.value, 1) << "while prefill is computing";
}

// A slower stage s takes over from the first chunk on: n chunks of it behind the first chunk's way,
//   ready = 0.1 + encode + wire + latency + decode + 7 * max(encode, wire, decode).
TEST(Layerwise, ExposesWhatTheSlowestStageTakesBeyondPrefill) {
  for (const Stages stages : {Stages{0.02, 0.2, 0.03, 0.001}, Stages{0.3, 0.09, 0.03, 0.001},
                              Stages{0.02, 0.09, 0.4, 0.001}}) {
    TransferBench bench(stages, layerwise());
    bench.computing_s = 0.8;
    const RequestRecord& record = bench.begin_at(0);
    bench.run();
    const double slowest = std::max({stages.encode_s, stages.wire_s, stages.decode_s});
    const double first = stages.encode_s + stages.wire_s + stages.latency_s + stages.decode_s;
    EXPECT_NEAR(record.kv_ready.value, 0.1 + first + 7 * slowest, kTolerance_s);
  }
}

// The two stages of a pipeline compute their halves one after the other: the first one's bytes are
// long gone when the second one's last layers come.
TEST(Layerwise, StagesOfAPipelineReleaseTheirLayersInTurn) {
  TransferBench bench({0, 0.01, 0, 0}, layerwise(), {0, 2, 2}, {8, 2, 2});
  bench.computing_s = 0.8;
  const RequestRecord& record = bench.begin_at(0);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 0.8 + 0.01, kTolerance_s);
  EXPECT_EQ(bench.network().flows, 16);
}

// Raw bytes overlap with prefill, too. 1,000 tokens are 131,072,000 bytes; an eighth of it at 1 GB/s
// takes 16.384 ms, less than the 100 ms that prefill computes for it.
TEST(Layerwise, RawBytesAreSentLayerByLayer) {
  TransferBench bench(codec::make_raw_transfer(), {{1e9}, {0}}, layerwise());
  bench.computing_s = 0.8;
  const RequestRecord& record = bench.begin_at(0, 1000);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 0.8 + 0.016384, kTolerance_s);
  EXPECT_EQ(bench.network().flows, 8);
}

TEST(Handoff, APullTakesTheWayOfItsRequestLonger) {
  const auto ready = [](Initiator initiator) {
    TransferConfig config;
    config.initiator = initiator;
    TransferBench bench({0.001, 0.1, 0.002, 0.005}, config);
    const RequestRecord& record = bench.begin_at(0);
    bench.run();
    return record.kv_ready.value;
  };
  // Encoding goes on meanwhile: 0.005 s of waiting hide its 0.001 s.
  EXPECT_NEAR(ready(Initiator::pull) - ready(Initiator::push), 0.005 - 0.001, kTolerance_s);
}

// Chunks of so many raw bytes per lane: 1,000 tokens have 4,096,000 bytes per layer.
TEST(Handoff, ChunksMayBeCutByBytes) {
  for (const auto& [size, chunks] : {std::pair{4'096'000, 32}, std::pair{9'000'000, 16},
                                     std::pair{1, 32}, std::pair{1'000'000'000, 1}}) {
    TransferConfig config;
    config.chunk_bytes = Bytes{size};
    TransferBench bench({0, 0.01, 0, 0}, config);
    bench.begin_at(0, 1000);
    bench.run();
    EXPECT_EQ(bench.network().flows, chunks) << size;
  }
}

TEST(Handoff, OneThatIsAbandonedLeavesNothingBehind) {
  TransferConfig config;
  config.flows_per_nic = 1;
  TransferBench bench({0.01, 0.1, 0.02, 0}, config);
  for (int i = 0; i < 3; ++i) bench.begin_at(0);
  // The first is on the wire, the second waits for its place, and neither is heard of again.
  bench.loop().at({0.1}, EventPriority::transfer, [&] {
    EXPECT_TRUE(bench.transfer().abandon(bench.request(0)));
    EXPECT_TRUE(bench.transfer().abandon(bench.request(1)));
    EXPECT_FALSE(bench.transfer().abandon(bench.request(1)));
  });
  bench.run();
  ASSERT_EQ(bench.ready.size(), 1U);
  EXPECT_EQ(bench.left.size(), 1U);
  // Three hand-offs of 8 chunks were queued at the encoder; the third one's first chunk is ready
  // after 17 of them. Then 8 times the wire, and the last chunk's decoding.
  EXPECT_NEAR(bench.ready[0], 17 * 0.01 + 8 * 0.1 + 0.02, kTolerance_s);
}

constexpr double kRatio = 1.5;
constexpr double kEncode = 20e9;  // B/s
constexpr double kDecode = 40e9;

std::unique_ptr<codec::TransferCodec> codec_of_rates() {
  return codec::make_constant_codec({{{0}, {kEncode}}, {{0}, {kDecode}}, kRatio});
}

double handoff_s(std::unique_ptr<codec::TransferCodec> codec, double bandwidth,
                 TransferConfig config, bool* compressed = nullptr) {
  TransferBench bench(std::move(codec), {{bandwidth}, {0}}, config);
  const RequestRecord& record = bench.begin_at(0, 30'000);
  bench.run();
  if (compressed != nullptr) *compressed = record.kv_wire < record.kv_raw;
  return record.kv_ready.value;
}

// One after the other, S/G_enc + S/(ratio B) + S/G_dec = S/B:
//   B* = (1 - 1/ratio) / (1/G_enc + 1/G_dec).
TEST(BreakEven, SequentiallyIsTheClosedForm) {
  TransferConfig config;
  config.overlap = Overlap::none;
  const double bandwidth = (1 - 1 / kRatio) / (1 / kEncode + 1 / kDecode);
  const double raw = handoff_s(codec::make_raw_transfer(), bandwidth, config);
  EXPECT_NEAR(handoff_s(codec_of_rates(), bandwidth, config) / raw, 1, 1e-9);
  EXPECT_LT(handoff_s(codec_of_rates(), 0.9 * bandwidth, config),
            handoff_s(codec::make_raw_transfer(), 0.9 * bandwidth, config));
  EXPECT_GT(handoff_s(codec_of_rates(), 1.1 * bandwidth, config),
            handoff_s(codec::make_raw_transfer(), 1.1 * bandwidth, config));
}

// Overlapped in n chunks with the encoder the slowest stage, (S/n)/(ratio B) + (S/n)/G_dec + S/G_enc
// = S/B, which tends to B* = min(G_enc, G_dec) as n grows:
//   B* = (1 - 1/(n ratio)) / (1/G_enc + 1/(n G_dec)).
TEST(BreakEven, PipelinedIsTheClosedFormAndTendsToTheSlowerRate) {
  double last = 0;
  for (const std::int32_t layers : {4, 2, 1}) {
    TransferConfig config;
    config.layers_per_chunk = layers;
    const double n = 32.0 / layers;
    const double bandwidth = (1 - 1 / (n * kRatio)) / (1 / kEncode + 1 / (n * kDecode));
    const double raw = handoff_s(codec::make_raw_transfer(), bandwidth, config);
    EXPECT_NEAR(handoff_s(codec_of_rates(), bandwidth, config) / raw, 1, 1e-8) << n << " chunks";
    EXPECT_GT(bandwidth, last);
    last = bandwidth;
  }
  EXPECT_NEAR(last / kEncode, 1, 0.05);
}

// Alone on its link, a hand-off takes the shorter way on both sides of the break-even bandwidth.
TEST(AdaptiveCodec, CompressesBelowTheBreakEvenBandwidthOnly) {
  TransferConfig config;
  config.layers_per_chunk = 1;
  config.adaptive_codec = true;
  const double break_even = (1 - 1 / (32 * kRatio)) / (1 / kEncode + 1 / (32 * kDecode));
  bool compressed = false;
  handoff_s(codec_of_rates(), 0.99 * break_even, config, &compressed);
  EXPECT_TRUE(compressed);
  handoff_s(codec_of_rates(), 1.01 * break_even, config, &compressed);
  EXPECT_FALSE(compressed);
}

// The encoder has so much to do already that raw bytes arrive sooner.
TEST(AdaptiveCodec, KnowsTheQueueOfTheEncoder) {
  TransferConfig config;
  config.adaptive_codec = true;
  TransferBench bench(codec_of_rates(), {{5e9}, {0}}, config);
  for (int i = 0; i < 40; ++i) bench.begin_at(0, 30'000);
  bench.run();
  const auto compressed = bench.transfer().compressed_handoffs();
  EXPECT_GT(compressed, 0);
  EXPECT_LT(compressed, 40);
}

// Three hand-offs at once. The first two are compressed; behind both, the third would wait for the
// encoder for longer than compressing it saves. Raw, it passes by:
//   ready = 30,000 tokens * 131,072 B / 5 GB/s.
TEST(AdaptiveCodec, RawHandoffsDoNotWaitForTheCodec) {
  TransferConfig config;
  config.adaptive_codec = true;
  TransferBench bench(codec_of_rates(), {{5e9}, {0}}, config);
  const std::array<const RequestRecord*, 3> records{
      &bench.begin_at(0, 30'000), &bench.begin_at(0, 30'000), &bench.begin_at(0, 30'000)};
  bench.run();
  EXPECT_LT(records[1]->kv_wire, records[1]->kv_raw);
  ASSERT_EQ(records[2]->kv_wire, records[2]->kv_raw);
  EXPECT_NEAR(records[2]->kv_ready.value, 30'000.0 * 131'072 / 5e9, 1e-9);
}

// Layerwise, the same: the first of 8 raw chunks sets out when prefill has computed it, though the
// encoder is busy with six others.
//   ready = begin + computing / 8 + bytes / B
TEST(AdaptiveCodec, RawChunksOfLayersDoNotWaitForTheCodecEither) {
  TransferConfig config;
  config.adaptive_codec = true;
  config.overlap = Overlap::layerwise;
  TransferBench bench(codec_of_rates(), {{5e9}, {0}}, config);
  bench.computing_s = 0.08;
  for (int i = 0; i < 6; ++i) bench.begin_at(0, 30'000);
  const RequestRecord& record = bench.begin_at(0.09, 30'000);
  bench.run();
  EXPECT_EQ(bench.transfer().compressed_handoffs(), 6);
  ASSERT_EQ(record.kv_wire, record.kv_raw);
  EXPECT_NEAR(record.kv_ready.value, 0.09 + 0.08 / 8 + 30'000.0 * 131'072 / 5e9, 1e-9);
}

}  // namespace
}  // namespace kvferry::sim
