// Transfer engines against the published measurements that they were fitted to.
//
// Each fit states the root mean square and the largest of its relative residuals, in per cent, and is
// held to them with half a unit of the last digit given. Forms (`blend`):
//   max  t = t0 + max(n * t_desc, bytes / rate)
//   sum  t = t0 + n * t_desc + bytes / rate
// Sizes are powers of two as the benchmarks state them. A fit on one descriptor has its cost in t0.
#include "sim/transfer_engine.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kMax = std::numeric_limits<double>::infinity();
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr BytesPerSecond k100G{12.5e9};
constexpr BytesPerSecond k200G{25e9};
constexpr BytesPerSecond k400G{50e9};

struct Point {
  std::int64_t descriptors;
  std::int64_t piece;  ///< bytes of one descriptor
  double measured_us;
};

struct Residuals {
  double rms_percent = 0;
  double max_percent = 0;
};

const TransferEngine& preset(const std::string& name) {
  return named(scenarios::known_transfer_engines(), name);
}

// A fit that is no preset.
TransferEngine fit(double start_us, double per_descriptor_us, double rate, double blend) {
  TransferEngine engine;
  engine.start = {start_us * 1e-6};
  engine.per_descriptor = {per_descriptor_us * 1e-6};
  engine.rate = {rate * 1e9};
  engine.blend = blend;
  return engine;
}

double error_percent(const TransferEngine& engine, BytesPerSecond line, const Point& point) {
  const Bytes size{point.piece * std::max<std::int64_t>(point.descriptors, 1)};
  const Seconds time = engine.start + wire_time(engine, size, point.descriptors, line);
  return 100 * (time.value * 1e6 / point.measured_us - 1);
}

Residuals residuals(const TransferEngine& engine, BytesPerSecond line,
                    const std::vector<Point>& points) {
  Residuals found;
  for (const Point& point : points) {
    const double error = error_percent(engine, line, point);
    found.rms_percent += error * error / static_cast<double>(points.size());
    found.max_percent = std::max(found.max_percent, std::abs(error));
  }
  found.rms_percent = std::sqrt(found.rms_percent);
  return found;
}

// Points of consecutive powers of two. Without descriptors: one transfer, its cost in t0.
std::vector<Point> doubling(std::int64_t descriptors, std::int64_t first_piece,
                            const std::vector<double>& measured_us) {
  std::vector<Point> points;
  std::int64_t piece = first_piece;
  for (const double us : measured_us) {
    points.push_back({descriptors, piece, us});
    piece *= 2;
  }
  return points;
}

struct Reached {
  std::int64_t piece;
  double rate;  ///< GB/s
};

std::vector<Point> from_rates(std::int64_t descriptors, const std::vector<Reached>& rates) {
  std::vector<Point> points;
  for (const Reached& reached : rates) {
    const auto size = static_cast<double>(reached.piece * std::max<std::int64_t>(descriptors, 1));
    points.push_back({descriptors, reached.piece, size / reached.rate / 1e3});
  }
  return points;
}

void expect_within(const Residuals& found, const Residuals& stated) {
  EXPECT_LT(found.rms_percent, stated.rms_percent + 0.05);
  EXPECT_LT(found.max_percent, stated.max_percent + 0.05);
}

// github.com/ROCm/mori, docs/MORI-IO-BENCHMARK.md: CX7 RDMA, batch size 1, average latency.
TEST(TransferFit, MoriioOnConnectX7) {
  const auto writes = doubling(0, kKiB,
                               {5.87, 5.81, 5.88, 5.96, 6.11, 6.64, 7.20, 8.49, 11.03, 16.40, 26.95,
                                48.15, 90.44, 175.18, 344.46, 683.02, 1360.09});
  expect_within(residuals(preset("moriio-cx7-write"), k400G, writes), {0.7, 2.3});
  const auto reads = doubling(0, kKiB,
                              {6.74, 6.63, 6.49, 6.66, 6.96, 7.44, 8.23, 9.66, 12.50, 18.31, 30.00,
                               53.25, 99.99, 193.39, 379.83, 752.90, 1498.58});
  expect_within(residuals(preset("moriio-cx7-read"), k400G, reads), {1.2, 3.2});
}

const std::vector<Point> kThor2Writes =
    doubling(128, 8,
             {36.33, 36.35, 36.33, 36.33, 36.49, 36.99, 37.01, 37.09, 37.65, 42.09, 52.11, 74.02,
              116.81, 202.70, 374.10, 717.56, 1403.64, 2777.76});

// The same page: Thor2 RDMA, message size sweeps; t0 is that of one descriptor.
TEST(TransferFit, MoriioOnThor2) {
  expect_within(residuals(preset("moriio-thor2-write"), k400G, kThor2Writes), {1.8, 4.4});
  const auto reads =
      doubling(256, 8,
               {120.65, 118.57, 118.69, 118.73, 119.34, 118.67, 118.18, 117.78, 121.52, 130.95,
                152.34, 194.58, 281.09, 458.96, 805.60, 1488.69, 2867.27, 5622.15});
  expect_within(residuals(preset("moriio-thor2-read"), k400G, reads), {3.2, 6.2});
}

// A sum and a maximum both miss by far more than p = 1.25.
TEST(TransferFit, TheBlendOfMoriioLiesBetweenSumAndMaximum) {
  TransferEngine engine = preset("moriio-thor2-write");
  engine.blend = 1;
  EXPECT_GT(residuals(engine, k400G, kThor2Writes).max_percent, 7);
  engine.blend = kMax;
  EXPECT_GT(residuals(engine, k400G, kThor2Writes).max_percent, 25);
}

// The same page: batch size sweep at 1 KiB, from 128 descriptors; below it is steeper.
TEST(TransferFit, MoriioManySmallDescriptors) {
  std::vector<Point> points;
  std::int64_t descriptors = 128;
  for (const double us :
       {42.87, 62.53, 108.37, 192.99, 336.00, 611.94, 1241.83, 2390.62, 4617.83}) {
    points.push_back({descriptors, kKiB, us});
    descriptors *= 2;
  }
  const TransferEngine posting_only = fit(25.5, 0.148, 1e6, kMax);
  expect_within(residuals(posting_only, {1e15}, points), {4.5, 8.3});
}

// github.com/uccl-project/uccl/issues/972: --num-iovs=128 --iters=1000. t0 is borrowed from the GH200.
TEST(TransferFit, UcclOnBroadcom) {
  const auto points =
      doubling(128, 8,
               {25.50, 25.67, 25.87, 25.39, 25.76, 25.83, 26.20, 26.27, 28.97, 34.41, 44.61, 65.94,
                108.78, 194.59, 366.31, 710.14, 1398.30, 2770.55});
  expect_within(residuals(fit(6.3, 0.15, 47.1, 1.25), k400G, points), {2.4, 4.9});
}

// github.com/uccl-project/uccl/pull/113 (200 Gbit/s) and issues/931 (400 Gbit/s), one descriptor.
TEST(TransferFit, UcclOnGraceHopper) {
  const auto at_200g = from_rates(0, {{kKiB, 0.16},
                                      {16 * kKiB, 2.37},
                                      {64 * kKiB, 7.36},
                                      {256 * kKiB, 15.47},
                                      {kMiB, 21.33},
                                      {100 * kMiB, 24.51}});
  expect_within(residuals(fit(6.3, 0, 24.4, kMax), k200G, at_200g), {0.7, 1.1});
  const auto at_400g = from_rates(0, {{32 * kKiB, 3.08},
                                      {128 * kKiB, 9.02},
                                      {512 * kKiB, 20.42},
                                      {2 * kMiB, 35.53},
                                      {8 * kMiB, 47.66},
                                      {32 * kMiB, 49.06},
                                      {128 * kMiB, 49.13}});
  // Stated as 8 % and 14 %, in whole per cents.
  const Residuals found = residuals(fit(11.1, 0, 48.1, kMax), k400G, at_400g);
  EXPECT_LT(found.rms_percent, 8.5);
  EXPECT_LT(found.max_percent, 14.5);
}

// github.com/LMCache/LMCache/pull/4161: 256 descriptors over one rail of 100 Gbit/s. Every point is
// within 2 %; the maximum of both terms, instead of their sum, is 30 % too short.
TEST(TransferFit, UcclOnOneRail) {
  const auto points = from_rates(256, {{kKiB, 3.78},
                                       {4 * kKiB, 7.98},
                                       {16 * kKiB, 10.80},
                                       {64 * kKiB, 11.86},
                                       {256 * kKiB, 12.16}});
  TransferEngine engine = preset("uccl-p2p-rdma");
  EXPECT_LT(residuals(engine, k100G, points).max_percent, 2.05);
  engine.blend = kMax;
  EXPECT_NEAR(error_percent(engine, k100G, points.front()), -30, 0.5);
}

// The same pull request, NIXL over UCX: every point is within 2 % with the cost per descriptor of its
// size (1.4 us at 1 KiB, which is the preset's, and 0.85 us from 4 KiB); the sum of both terms,
// instead of their maximum, is 60-100 % too long at 16 KiB.
TEST(TransferFit, NixlUcxOnOneRail) {
  const auto points = from_rates(256, {{kKiB, 0.715},
                                       {4 * kKiB, 4.69},
                                       {16 * kKiB, 11.67},
                                       {64 * kKiB, 12.09},
                                       {256 * kKiB, 12.22}});
  TransferEngine engine = preset("nixl-ucx-rdma-read");
  EXPECT_NEAR(error_percent(engine, k100G, points[0]), 0, 2.05);
  TransferEngine summed = engine;
  summed.blend = 1;
  EXPECT_NEAR(error_percent(summed, k100G, points[2]), 100, 5);
  engine.per_descriptor = {0.85e-6};
  const std::vector<Point> larger(points.begin() + 1, points.end());
  EXPECT_LT(residuals(engine, k100G, larger).max_percent, 2.05);
  summed.per_descriptor = {0.85e-6};
  EXPECT_NEAR(error_percent(summed, k100G, points[2]), 60, 5);
}

// The same pull request, one descriptor over one rail and over two. The largest residual over two
// rails is stated as 0.9 %; the printed rates, which have four digits, give 0.96 %.
TEST(TransferFit, NixlUcxByTheSizeOfOneDescriptor) {
  const auto one = from_rates(0, {{256 * kKiB, 8.38},
                                  {kMiB, 10.92},
                                  {4 * kMiB, 11.89},
                                  {16 * kMiB, 12.16},
                                  {64 * kMiB, 12.23}});
  expect_within(residuals(fit(9.9, 0, 12.23, kMax), k100G, one), {0.2, 0.4});
  const auto two = from_rates(0, {{256 * kKiB, 11.74},
                                  {kMiB, 19.15},
                                  {4 * kMiB, 22.60},
                                  {16 * kMiB, 24.06},
                                  {64 * kMiB, 24.38}});
  expect_within(residuals(fit(11.6, 0, 24.36, kMax), k200G, two), {0.5, 0.95});
}

std::vector<Point> blocks_of_fastdeploy(const std::vector<double>& rates) {
  std::vector<Reached> reached;
  std::int64_t piece = kKiB;
  for (const double rate : rates) {
    reached.push_back({piece, rate});
    piece *= 2;
  }
  return from_rates(1538, reached);
}

// github.com/PaddlePaddle/FastDeploy, kvcache_transfer/README.md: 1538 blocks, one thread, one
// ConnectX-7 of 400 Gbit/s.
TEST(TransferFit, MooncakeAndFastDeployByBlockSize) {
  expect_within(
      residuals(preset("mooncake-rdma"), k400G,
                blocks_of_fastdeploy({1.54, 3.40, 6.95, 12.48, 23.42, 31.58, 38.39, 40.11, 40.71})),
      {4.1, 6.1});
  expect_within(residuals(preset("fastdeploy-rdma"), k400G,
                          blocks_of_fastdeploy(
                              {10.67, 17.53, 28.85, 36.56, 41.73, 43.55, 44.46, 44.86, 45.01})),
                {4.5, 8.6});
}

// github.com/kvcache-ai/Mooncake, vllm-v1-pd-performance.md: hand-offs of 128 to 32768 tokens of
// Qwen3-8B over 8 NICs of 200 Gbit/s, in MiB as its 144 KiB per token say. Each NIC carries an
// eighth.
TEST(TransferFit, MooncakeInVllmOverEightNics) {
  std::vector<Point> points;
  const double gib = 1024;
  for (const auto& [mib, ms] : std::vector<std::pair<double, double>>{{20, 0.54},
                                                                      {38, 0.61},
                                                                      {74, 0.92},
                                                                      {146, 1.50},
                                                                      {290, 2.51},
                                                                      {578, 4.75},
                                                                      {1.13 * gib, 8.84},
                                                                      {2.25 * gib, 16.43},
                                                                      {4.50 * gib, 31.65}})
    points.push_back({0, static_cast<std::int64_t>(mib * 1048576 / 8), ms * 1e3});
  expect_within(residuals(preset("mooncake-8nic"), k200G, points), {4.1, 6.8});
}

// github.com/vllm-project/vllm/issues/50913 and pull/51919: about 321 MB per rank, as 39.2k or 9.8k
// descriptors, took 105 and 47 ms: two equations, t_desc = 1.97 us and 11.6 GB/s with a sum.
TEST(TransferFit, NixlInVllmOnL20) {
  const TransferEngine engine = fit(0, 1.97, 11.6, 1);
  EXPECT_NEAR(wire_time(engine, {321'000'000}, 39'200, k400G).value, 0.105, 0.0005);
  EXPECT_NEAR(wire_time(engine, {321'000'000}, 9'800, k400G).value, 0.047, 0.0005);
}

// github.com/vllm-project/vllm/pull/53825: about 32k descriptors of about 16 KB at 9 GB/s.
TEST(TransferFit, MooncakeInVllmPaged) {
  const auto points = from_rates(32'000, {{16'384, 9}});
  EXPECT_NEAR(error_percent(preset("mooncake-rdma-vllm"), k400G, points[0]), 0, 3);
}

// github.com/ai-dynamo/nixl/pull/115: 64 copies over NVLink (450 GB/s per direction), 1.32 GB/s at
// 4 KiB and 84.5 GB/s at 256 KiB; an unknown t0 is in them, the preset's is not.
TEST(TransferFit, CudaIpcCopiesTakeTheSameTimeWhateverTheirSize) {
  TransferEngine engine = preset("nixl-cuda-ipc-h100");
  engine.start = {0};
  const auto points = from_rates(64, {{4 * kKiB, 1.32}, {256 * kKiB, 84.5}});
  EXPECT_LT(residuals(engine, {450e9}, points).max_percent, 1);
}

// github.com/SemiAnalysisAI/InferenceX/pull/2510: pages of 64 tokens reach 19.5-34.3 GB/s, in bulk
// 636-707. That these are pages of 72 KiB (a latent cache) and 128 KiB is inferred.
TEST(TransferFit, PagesOverNvlinkAreSlowerThanOverRdma) {
  const TransferEngine& nvlink = preset("nixl-cuda-ipc-gb200");
  const auto pages = from_rates(10'000, {{73'728, 19.5}, {131'072, 34.3}});
  EXPECT_LT(residuals(nvlink, {900e9}, pages).max_percent, 4);
  const Bytes size{10'000 * 73'728};
  const TransferEngine& rdma = preset("nixl-ucx-rdma-write");
  EXPECT_GT(wire_time(nvlink, size, 10'000, {900e9}), wire_time(rdma, size, 10'000, k400G));
  EXPECT_LT(wire_time(nvlink, size, 1, {900e9}), wire_time(rdma, size, 1, k400G) * 0.1);
}

// llm-d.ai/blog/networking-for-distributed-inference-llm-d: 1 GB (8 GB) over TCP and 100 Gbit/s; the
// page does not say whether of 10^9 or 2^30 bytes, which is 7 %.
TEST(TransferFit, Tcp) {
  const std::int64_t gigabyte = 1'000'000'000;
  EXPECT_NEAR(error_percent(preset("tcp-uccl-gpu"), k100G, {1, gigabyte, 211e3}), 0, 3);
  EXPECT_NEAR(error_percent(preset("tcp-ucx-gpu"), k100G, {1, gigabyte, 1.8e6}), 0, 2);
  EXPECT_NEAR(error_percent(preset("tcp-ucx-gpu"), k100G, {1, 8 * gigabyte, 14.4e6}), 0, 2);
  EXPECT_NEAR(error_percent(preset("tcp-ucx-cpu"), k100G, {1, gigabyte, 263e3}), 0, 5);
  EXPECT_NEAR(error_percent(preset("tcp-mooncake-cpu"), k100G, {1, gigabyte, 298e3}), 0, 5);
}

// github.com/ai-dynamo/nixl/pull/2276: reads of 4, 8, 16 and 32 KB. At 64 MB 22.96 GB/s were reached,
// 2.92 ms, where the preset says a fifth more: its t0 was measured with small reads and is not seen
// there. A post of about 100 us was seen per call; here n = 0, as t0 holds it.
TEST(TransferFit, TcpxoHasItsStartUpOnly) {
  const TransferEngine& engine = preset("tcpxo-a3-mega");
  EXPECT_LT(residuals(engine, k200G, doubling(0, 4 * kKiB, {603, 645, 623, 635})).max_percent, 7);
  EXPECT_NEAR(error_percent(engine, k200G, from_rates(0, {{64 * kMiB, 22.96}})[0]), 19, 1);
}

// github.com/vllm-project/vllm/pull/48434: 12288 copies of 8 KiB, enqueued in 6.33 ms and copied in
// 1.94 ms; merged by 16 they reach 54.1 GB/s.
TEST(TransferFit, CopiesThroughTheHostAreBoundByEnqueueing) {
  const TransferEngine& engine = preset("host-bounce-pcie5");
  EXPECT_NEAR(error_percent(engine, {1e15}, {12'288, 8 * kKiB, 6330}), 0, 3);
  EXPECT_NEAR(error_percent(engine, {1e15}, from_rates(768, {{128 * kKiB, 54.1}})[0]), 6, 1);
}

// github.com/ai-dynamo/nixl/issues/1695: 4, 8, 16 and 32 KiB over a mis-set path.
TEST(TransferFit, MisconfiguredGpuDirect) {
  const auto points = doubling(0, 4 * kKiB, {20.9, 27.9, 36.3, 51.0});
  EXPECT_LT(residuals(preset("misconfigured-gdr"), k400G, points).max_percent, 8);
}

// uccl-project.github.io/posts/kv-transfer-engine: 30-50 % slower than UCCL from 256 KB to 1 MB, equal
// above 10 MB; the copies into and out of the packed buffer left out.
TEST(TransferFit, NcclReachesLessWithSmallTransfers) {
  TransferEngine nccl = preset("nccl-sendrecv");
  nccl.packing.reset();
  const TransferEngine& uccl = preset("uccl-p2p-rdma");
  const auto slowdown = [&](std::int64_t size) {
    const Seconds ours = nccl.start + wire_time(nccl, {size}, 1, k400G);
    return ours / (uccl.start + wire_time(uccl, {size}, 1, k400G));
  };
  EXPECT_GT(slowdown(1'000'000), 1.3);
  EXPECT_LT(slowdown(1'000'000), 1.6);
  EXPECT_NEAR(slowdown(20'000'000), 1, 0.05);
}

}  // namespace
}  // namespace kvferry::sim
