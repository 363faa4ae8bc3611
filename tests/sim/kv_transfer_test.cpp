// The transfer pipeline against its closed forms, on a network without contention.
#include "sim/kv_transfer.hpp"

#include "tests/sim/transfer_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-12;

TEST(KvTransfer, WithoutOverlapTheStagesAddUp) {
  TransferBench bench({0.01, 0.2, 0.003, 0.0005}, {Overlap::none, 4, 8, true});
  const RequestRecord& record = bench.begin_at(1);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 1 + 0.01 + 0.2 + 0.0005 + 0.003, kTolerance_s);
  EXPECT_NEAR(bench.left.at(0), 1 + 0.01 + 0.2, kTolerance_s) << "latency is not time on the wire";
  EXPECT_EQ(bench.network().flows, 1);
}

// T = encode + wire + latency + decode + (n - 1) * slowest, for 32 layers in n = 8 chunks,
// whichever stage is the slowest.
TEST(KvTransfer, PipelinedTheSlowestStageDominates) {
  for (const Stages stages : {Stages{0.01, 0.2, 0.003, 0.0005}, Stages{0.3, 0.2, 0.003, 0.0005},
                              Stages{0.01, 0.02, 0.05, 0.0005}, Stages{0.1, 0.1, 0.1, 0}}) {
    TransferBench bench(stages, {Overlap::pipelined, 4, 8, true});
    const RequestRecord& record = bench.begin_at(0);
    bench.run();
    const double slowest = std::max({stages.encode_s, stages.wire_s, stages.decode_s});
    const double first = stages.encode_s + stages.wire_s + stages.latency_s + stages.decode_s;
    EXPECT_NEAR(record.kv_ready.value, first + 7 * slowest, kTolerance_s);
    EXPECT_EQ(bench.network().flows, 8);
  }
}

TEST(KvTransfer, ChunksCoverEveryLayerOnce) {
  TransferBench bench({0, 0.1, 0, 0},
                      {Overlap::pipelined, 5, 8, true});  // 32 layers: 6 chunks of 5, one of 2
  bench.begin_at(0);
  bench.run();
  int next_layer = 0;
  for (const codec::KvSlice& slice : bench.codec().slices) {
    EXPECT_EQ(slice.first_layer, next_layer);
    next_layer += slice.layer_count;
  }
  EXPECT_EQ(next_layer, 32);
  EXPECT_EQ(bench.codec().slices.size(), 7U);
}

TEST(KvTransfer, RawBytesAreTheKvBytesOfThePrompt) {
  TransferBench bench({0, 0.1, 0, 0}, {Overlap::pipelined, 4, 8, true});
  const RequestRecord& record = bench.begin_at(0, 777);
  bench.run();
  EXPECT_EQ(record.kv_raw.value, 777 * 131'072);
  EXPECT_EQ(record.kv_wire, bench.network().bytes);
}

// Two hand-offs from one GPU: the second one's chunks queue behind the first one's at the encoder.
TEST(KvTransfer, OneEncoderPerGpuServesHandOffsInTurn) {
  TransferBench bench({0.1, 1e-3, 0, 0}, {Overlap::none, 4, 8, true});
  const RequestRecord& first = bench.begin_at(0);
  const RequestRecord& second = bench.begin_at(0.05);
  bench.run();
  EXPECT_NEAR(first.kv_ready.value, 0.101, kTolerance_s);
  EXPECT_NEAR(second.kv_ready.value, 0.201, kTolerance_s);
  EXPECT_NEAR(bench.transfer().encode_busy().value, 0.2, kTolerance_s);
}

TEST(KvTransfer, TensorParallelRanksSendInParallel) {
  // 4 prefill ranks, 2 decode ranks, 8 KV heads: 4 lanes of a quarter each.
  TransferBench bench({0, 0.1, 0, 0}, {Overlap::none, 4, 8, true}, {0, 4}, {8, 2});
  const RequestRecord& record = bench.begin_at(0, 1000);
  bench.run();
  EXPECT_NEAR(record.kv_ready.value, 0.1, kTolerance_s);
  EXPECT_EQ(bench.network().flows, 4);
  EXPECT_EQ(record.kv_raw.value, 1000 * 131'072) << "together they carry the cache once";
}

// A GPU that serves several ranks of the other side encodes, or decodes, a chunk for all of them in
// one launch.
TEST(KvTransfer, UnequalTensorParallelismLaunchesOncePerGpu) {
  const auto busy = [](InstanceGpus from, InstanceGpus to) {
    TransferBench bench({0.1, 0.01, 0.2, 0}, {Overlap::none, 4, 8, true}, from, to);
    const RequestRecord& record = bench.begin_at(0, 1000);
    bench.run();
    EXPECT_NEAR(record.kv_ready.value, 0.1 + 0.01 + 0.2, kTolerance_s);
    EXPECT_EQ(bench.network().flows, 4);
    return std::pair(bench.transfer().encode_busy().value, bench.transfer().decode_busy().value);
  };
  const auto [encode_one, decode_four] = busy({0, 1}, {8, 4});
  EXPECT_NEAR(encode_one, 0.1, kTolerance_s);
  EXPECT_NEAR(decode_four, 4 * 0.2, kTolerance_s);
  const auto [encode_four, decode_one] = busy({0, 4}, {8, 1});
  EXPECT_NEAR(encode_four, 4 * 0.1, kTolerance_s);
  EXPECT_NEAR(decode_one, 0.2, kTolerance_s);
}

TEST(KvTransfer, ALaunchForSeveralLanesIsPricedAsOneLargerTensor) {
  TransferBench bench({0, 0.1, 0, 0}, {Overlap::none, 4, 8, true}, {0, 1}, {8, 4});
  bench.begin_at(0, 1000);
  bench.run();
  // Llama 3.1 8B: 8 heads of 128 values; a lane carries 2 of them.
  ASSERT_EQ(bench.codec().slices.size(), 2U);
  EXPECT_EQ(bench.codec().slices[0].values_per_token, 2 * 128) << "a lane, for its bytes";
  EXPECT_EQ(bench.codec().slices[1].values_per_token, 8 * 128) << "the sender's launch";
}

// Five hand-offs of one flow each leave the same GPU at once.
TEST(KvTransfer, ANicCarriesABoundedNumberOfFlows) {
  for (const std::int32_t places : {1, 2, 5, 8}) {
    TransferBench bench({0, 0.1, 0, 0}, {Overlap::none, 4, places});
    for (int i = 0; i < 5; ++i) bench.begin_at(0);
    bench.run();
    ASSERT_EQ(bench.left.size(), 5U);
    for (int i = 0; i < 5; ++i) {
      EXPECT_NEAR(bench.left[static_cast<std::size_t>(i)], 0.1 * (1 + i / places), kTolerance_s)
          << places << " places";
    }
  }
}

TEST(KvTransfer, ReplicatedHeadsAreSentOnce) {
  EXPECT_EQ(transfer_lanes(model("qwen2.5-7b"), {0, 8}, {8, 8}), 4) << "4 KV heads";
  EXPECT_EQ(transfer_lanes(model("llama-3.1-8b"), {0, 2}, {8, 8}), 8);
  EXPECT_EQ(transfer_lanes(model("llama-3.1-8b"), {0, 1}, {8, 1}), 1);
}

TEST(KvTransfer, ALatentCacheTravelsOncePerStage) {
  EXPECT_EQ(transfer_lanes(model("deepseek-v3"), {0, 8}, {8, 8}), 1);
  EXPECT_EQ(transfer_lanes(model("deepseek-v3"), {0, 16, 2}, {16, 8}), 2);
  EXPECT_EQ(transfer_lanes(model("llama-3.1-8b"), {0, 16, 2}, {16, 8}), 16);
}

// The raw bytes of a prompt of 1000 tokens are those of its cache, whatever the attention.
TEST(KvTransfer, RawBytesAreThoseOfTheModelsCache) {
  const auto raw = [](const ModelSpec& spec, InstanceGpus from, InstanceGpus to) {
    TransferBench bench({0, 0.1, 0, 0}, {Overlap::pipelined, 5, 8}, from, to, spec);
    const RequestRecord& record = bench.begin_at(0, 1000);
    bench.run();
    return record.kv_raw.value;
  };
  EXPECT_EQ(raw(model("deepseek-v3"), {0, 8}, {8, 8}), 1000 * 70'272);
  EXPECT_EQ(raw(model("deepseek-v3"), {0, 4, 4}, {8, 8}), 1000 * 70'272);
  EXPECT_EQ(raw(model("gpt-oss-120b"), {0, 2}, {8, 1}),
            kv_bytes(model("gpt-oss-120b"), 1000).value);
  EXPECT_EQ(raw(model("mistral-7b-v0.1"), {0, 1}, {8, 1}), 1000 * 131'072) << "within the window";
  ModelSpec fp8 = model("llama-3.1-8b");
  fp8.kv_type = KvType::fp8;
  EXPECT_EQ(raw(fp8, {0, 1}, {8, 1}), 1000 * 65'536);
}

}  // namespace
}  // namespace kvferry::sim
