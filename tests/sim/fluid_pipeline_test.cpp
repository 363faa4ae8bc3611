// Hand-offs of one flow per lane against the closed forms, and against chunks, on a network without
// contention.
#include "sim/base/random.hpp"
#include "sim/pacing.hpp"
#include "tests/sim/transfer_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-12;

TransferConfig pipelined(Fidelity fidelity = Fidelity::fluid) {
  TransferConfig config;
  config.layers_per_chunk = 4;  // of 32 layers: 8 chunks
  config.fidelity = fidelity;
  return config;
}

TransferConfig layerwise(Fidelity fidelity = Fidelity::fluid) {
  TransferConfig config = pipelined(fidelity);
  config.overlap = Overlap::layerwise;
  return config;
}

// T = encode + wire + latency + decode + (n - 1) * slowest, as for chunks, in one flow.
TEST(FluidPipeline, ALoneHandOffTakesWhatItsChunksWouldTake) {
  for (const Stages stages : {Stages{0.01, 0.2, 0.003, 0.0005}, Stages{0.3, 0.2, 0.003, 0.0005},
                              Stages{0.01, 0.02, 0.05, 0.0005}, Stages{0.1, 0.1, 0.1, 0}}) {
    TransferBench bench(stages, pipelined());
    const RequestRecord& record = bench.begin_at(0);
    bench.run();
    const double slowest = std::max({stages.encode_s, stages.wire_s, stages.decode_s});
    const double first = stages.encode_s + stages.wire_s + stages.latency_s + stages.decode_s;
    EXPECT_NEAR(record.kv_ready.value, first + 7 * slowest, kTolerance_s);
    EXPECT_NEAR(record.network.value, 8 * stages.wire_s, kTolerance_s) << "as if in chunks";
    EXPECT_EQ(bench.network().flows, 1);
  }
}

TEST(FluidPipeline, WithoutOverlapTheStagesAddUp) {
  TransferConfig config = pipelined();
  config.overlap = Overlap::none;
  TransferBench bench({0.01, 0.2, 0.003, 0.0005}, config);
  const RequestRecord& record = bench.begin_at(1);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 1 + 0.01 + 0.2 + 0.0005 + 0.003, kTolerance_s);
}

// Prefill computes a chunk's layers every 0.1 s. With every stage below that, the last chunk alone is
// exposed: encode + wire + latency + decode.
TEST(FluidPipeline, LayerwiseOnlyTheLastChunkIsExposed) {
  TransferBench bench({0.02, 0.09, 0.03, 0.001}, layerwise());
  bench.computing_s = 0.8;
  const RequestRecord& record = bench.begin_at(1);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 1 + 0.8 + 0.02 + 0.09 + 0.001 + 0.03, kTolerance_s);
  EXPECT_EQ(bench.network().flows, 1);
}

// A slower stage takes over from the first chunk on, at 0.1 s.
TEST(FluidPipeline, LayerwiseTheSlowestStageTakesOver) {
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

// 1,000 tokens are 131,072,000 bytes; an eighth of it at 1 GB/s takes 16.384 ms.
TEST(FluidPipeline, RawBytesFollowTheLayers) {
  TransferBench bench(codec::make_raw_transfer(), {{1e9}, {0}}, layerwise());
  bench.computing_s = 0.8;
  const RequestRecord& record = bench.begin_at(0, 1000);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 0.8 + 0.016384, kTolerance_s);
  EXPECT_EQ(bench.network().flows, 1);
}

struct Ready {
  std::vector<double> when;
  double encode_busy_s;
  double decode_busy_s;
};

// 12 hand-offs of different sizes, one every few chunks' time, some of several lanes.
Ready twelve_handoffs(Stages rates, TransferConfig config, InstanceGpus from, InstanceGpus to) {
  const auto rate = [](double s) { return BytesPerSecond{1e7 / s}; };
  TransferBench bench(codec::make_constant_codec(
                          {{{1e-5}, rate(rates.encode_s)}, {{1e-5}, rate(rates.decode_s)}, 2}),
                      {rate(2 * rates.wire_s), {rates.latency_s}}, config, from, to);
  if (config.overlap == Overlap::layerwise) bench.computing_s = 0.1;
  std::vector<const RequestRecord*> records;
  for (int i = 0; i < 12; ++i)
    records.push_back(&bench.begin_at(0.03 * i, 300 + 97 * (i * 5 % 12)));
  bench.run();
  Ready ready{{}, bench.transfer().encode_busy().value, bench.transfer().decode_busy().value};
  for (const RequestRecord* record : records) ready.when.push_back(record->kv_ready.value);
  return ready;
}

// No flow shares the wire here, so the encoder and the decoder alone make hand-offs wait: within a
// chunk of the decoder's or of the wire's, the same.
TEST(FluidPipeline, CodecQueuesServeHandOffsInTheOrderOfTheirChunks) {
  for (const Overlap overlap : {Overlap::pipelined, Overlap::layerwise}) {
    for (const Stages& rates : {Stages{0.01, 0.001, 0.002, 1e-4}, Stages{0.002, 0.01, 0.001, 1e-4},
                                Stages{0.001, 0.002, 0.01, 1e-4}}) {
      for (const std::int32_t lanes : {1, 2, 4}) {
        TransferConfig config = pipelined(Fidelity::chunks);
        config.overlap = overlap;
        const Ready chunks = twelve_handoffs(rates, config, {0, 1}, {8, lanes});
        config.fidelity = Fidelity::fluid;
        const Ready fluid = twelve_handoffs(rates, config, {0, 1}, {8, lanes});
        constexpr double kLargestChunk = 1367 * 131'072.0 / 8 / 1e7;  // in units of the stages
        const double chunk_s = kLargestChunk * (rates.wire_s + rates.decode_s);
        for (std::size_t i = 0; i < chunks.when.size(); ++i)
          EXPECT_NEAR(fluid.when[i], chunks.when[i], chunk_s) << i;
        EXPECT_NEAR(fluid.encode_busy_s, chunks.encode_busy_s, 1e-9);
        EXPECT_NEAR(fluid.decode_busy_s, chunks.decode_busy_s, 1e-9);
      }
    }
  }
}

// The flow breaks 0.5 s after its first byte left at 0.01 s. Resumed after a back-off of 0.25 s it ends
// by that much later than 0.01 + 8 * 0.2 + 0.003.
TEST(FluidPipeline, AFlowThatBreaksGoesOnWhereItWas) {
  TransferConfig config = pipelined();
  config.retry.backoff = {0.25};
  TransferBench bench({0.01, 0.2, 0.003, 0}, config);
  const RequestRecord& record = bench.begin_at(0);
  bench.loop().at({0.51}, EventPriority::transfer, [&] { bench.network().break_flows(); });
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 0.01 + 8 * 0.2 + 0.25 + 0.003, 1e-8);
  EXPECT_EQ(bench.network().flows, 2);
}

// Encoding a chunk takes 0.3 s and sending it 0.1 s. While nothing is sent for 1 s four chunks pile
// up, and they are gone before the last is encoded at 2.4 s: the break costs nothing.
TEST(FluidPipeline, ABacklogIsSentAtTheLineRate) {
  TransferConfig config = pipelined();
  config.retry.backoff = {1.0};
  TransferBench bench({0.3, 0.1, 0.003, 0}, config);
  const RequestRecord& record = bench.begin_at(0);
  bench.loop().at({0.35}, EventPriority::transfer, [&] { bench.network().break_flows(); });
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 8 * 0.3 + 0.1 + 0.003, 1e-8);
}

// The path turns out four times as fast as its line rate: no byte is there before it is encoded.
TEST(FluidPipeline, AFasterPathDoesNotOvertakeTheEncoder) {
  for (const Overlap overlap : {Overlap::pipelined, Overlap::layerwise}) {
    TransferConfig config = pipelined();
    config.overlap = overlap;
    TransferBench bench({0.1, 0.2, 0.003, 0}, config);
    bench.computing_s = overlap == Overlap::layerwise ? 0.8 : 0;
    bench.network().set_rate({4e9});
    const RequestRecord& record = bench.begin_at(0);
    bench.run();
    const double encoded_s = overlap == Overlap::layerwise ? 0.8 + 0.1 : 8 * 0.1;
    EXPECT_NEAR(record.kv_ready.value, encoded_s + 0.003, 0.2 / 4);
    EXPECT_GE(record.kv_ready.value, encoded_s + 0.003 - kTolerance_s);
  }
}

// Encoding, waiting for a place, on the wire, being decoded: the third goes on alone.
TEST(FluidPipeline, OneThatIsAbandonedLeavesNothingBehind) {
  for (const double when_s : {0.005, 0.1, 0.5, 0.819, 0.85}) {
    TransferConfig config = pipelined();
    config.flows_per_nic = 1;
    TransferBench bench({0.02, 0.1, 0.15, 0.02}, config);
    for (int i = 0; i < 3; ++i) bench.begin_at(0);
    bench.loop().at({when_s}, EventPriority::transfer, [&] {
      EXPECT_TRUE(bench.transfer().abandon(bench.request(0)));
      EXPECT_TRUE(bench.transfer().abandon(bench.request(1)));
      EXPECT_FALSE(bench.transfer().abandon(bench.request(1)));
    });
    bench.run();
    ASSERT_EQ(bench.ready.size(), 1U);
    EXPECT_LT(bench.ready[0], 0.85 + 8 * 0.1 + 9 * 0.15 + 0.02 + 7 * 0.15);
  }
}

TEST(FluidPipeline, LayersOfAnAbandonedHandOffAreNotEncoded) {
  TransferBench bench({0.02, 0.01, 0.01, 0}, layerwise());
  bench.computing_s = 0.8;
  bench.begin_at(0);
  const RequestRecord& second = bench.begin_at(0);
  bench.loop().at({0.35}, EventPriority::transfer,
                  [&] { bench.transfer().abandon(bench.request(0)); });
  bench.run();
  // Three chunks of the first and eight of the second.
  EXPECT_NEAR(bench.transfer().encode_busy().value, 11 * 0.02, 1e-9);
  EXPECT_NEAR(second.kv_ready.value, 0.8 + 0.02 + 0.01 + 0.01, 1e-9);
}

// Chunks of random sizes at random dates, and a path whose rate changes: a flow that obeys the caps is
// never more than half a chunk ahead of the encoder, and ends no later than that path lets it.
TEST(Pacing, NeverSendsMuchMoreThanIsEncoded) {
  RandomStream random(7, "pacing");
  for (int round = 0; round < 300; ++round) {
    std::vector<Seconds> encoded;
    std::vector<HandoffChunk> chunks;
    double when = 1;
    const std::size_t count = 2 + random.below(60);
    const double mean_gap = 0.02 + 2 * random.uniform();
    for (std::size_t i = 0; i < count; ++i) {
      when += mean_gap * (0.2 + 1.6 * random.uniform());
      encoded.push_back({when});
      chunks.push_back({{}, {}, {static_cast<std::int64_t>(500 + random.below(1000))}});
    }
    const Production production{encoded, chunks};
    const auto produced = [&](double now) {
      double bytes = 0;
      for (std::size_t i = 0; i < count && encoded[i].value <= now; ++i)
        bytes += static_cast<double>(chunks[i].wire.value);
      return bytes;
    };
    constexpr double kLine = 1000;
    double now = encoded.front().value;
    double sent = 0;
    int looks = 0;
    while (now < encoded.back().value) {
      const Pace pace = next_pace(production, sent, {now}, {kLine}, look_interval(production));
      if (!pace.until) break;
      ASSERT_GT(pace.until->value, now);
      ++looks;
      const double cap = pace.cap ? pace.cap->value : kLine;
      const double rate = std::min(cap, kLine * random.uniform());
      for (int step = 1; step <= 20; ++step) {
        const double then = now + step * (pace.until->value - now) / 20 * (1 - 1e-12);
        ASSERT_LE(sent + rate * (then - now), produced(then) + 750) << "half of a largest chunk";
      }
      sent += rate * (pace.until->value - now);
      now = pace.until->value;
    }
    EXPECT_LE(looks, 10);
  }
}

// A chunk of 1,000 bytes every second and a line of 500 B/s: nothing can overtake the encoder.
TEST(Pacing, DoesNotHoldWhatTheLineHoldsAnyway) {
  const std::vector<Seconds> encoded{{1}, {2}, {3}, {4}};
  const std::vector<HandoffChunk> chunks(4, HandoffChunk{{}, {}, {1000}});
  const Pace slow = next_pace({encoded, chunks}, 0, {1}, {500}, {1});
  EXPECT_FALSE(slow.cap);
  EXPECT_FALSE(slow.until);
  // At 4,000 B/s it would: 1,000 bytes until each of the next.
  const Pace fast = next_pace({encoded, chunks}, 0, {1}, {4000}, {10});
  ASSERT_TRUE(fast.cap);
  EXPECT_DOUBLE_EQ(fast.cap->value, 1000);
  EXPECT_EQ(fast.until, Seconds{4});
}

// 2,000 bytes behind at t = 2, a line of 1,500 B/s overtakes the encoder after the chunk of t = 5
// (2,000 + 1,500 * 3 > 2 * 1,000 + 4 * 1,000): until then it is free.
TEST(Pacing, ABacklogGoesAtTheLineRate) {
  std::vector<Seconds> encoded;
  for (int i = 1; i <= 12; ++i) encoded.push_back({static_cast<double>(i)});
  const std::vector<HandoffChunk> chunks(12, HandoffChunk{{}, {}, {1000}});
  const Pace pace = next_pace({encoded, chunks}, 0, {2}, {1500}, {2});
  EXPECT_FALSE(pace.cap);
  // At date j there are j - 1 chunks from before it: 1,500 (j - 2) <= 1,000 (j - 1) up to j = 4.
  EXPECT_EQ(pace.until, Seconds{4});
}

}  // namespace
}  // namespace kvferry::sim
