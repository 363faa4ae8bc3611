#include "codec/gpu/gpu_bench.hpp"

#include "codec/synthetic_kv.hpp"
#include "sim/base/error.hpp"
#include "tests/codec/gpu/fake_gpu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

using ::testing::ElementsAre;

class GpuBench : public ::testing::Test {
 protected:
  GpuBenchResult result() {
    FakeGpu gpu(state_);
    return bench_gpu(gpu, {std::as_bytes(std::span(values_)),
                           {{}, {DType::bf16, 3, EscapeMode::sentinel}},
                           {64 << 10, 1 << 20},
                           3});
  }
  FakeGpuState state_;
  std::vector<std::uint16_t> values_ =
      synthesize_kv(*find_kv_preset("qwen3-32b"), {4, 8, 128, 64}, KvKind::value, 1, 1, 2);
};

TEST_F(GpuBench, DerivesTheRooflineFromTheFastestCopy) {
  const GpuBenchResult found = result();
  ASSERT_EQ(found.rows.size(), 4U);
  EXPECT_DOUBLE_EQ(found.bandwidth.value, 2.0 * (1 << 20) / (2e-6 + 1e-10 * (1 << 20)));
  for (const GpuBenchRow& row : found.rows) {
    const double least =
        static_cast<double>(row.raw.value + row.frame.value) / found.bandwidth.value;
    EXPECT_EQ(row.encode_call.time.median, fake_encode_time(row.raw));
    EXPECT_EQ(row.encode_graph.time.median, fake_encode_time(row.raw, Issue::graph));
    EXPECT_DOUBLE_EQ(row.encode_call.of_roofline, least / fake_encode_time(row.raw).value);
    EXPECT_DOUBLE_EQ(row.decode_call.of_roofline, 2 * row.encode_call.of_roofline);
    EXPECT_DOUBLE_EQ(row.decode_graph.of_roofline, 2 * row.encode_graph.of_roofline);
    EXPECT_EQ(row.encode_call.time.spread.value, 0);
    EXPECT_LT(row.frame, row.raw);
  }
  EXPECT_LT(found.rows[0].escape_rate, found.rows[2].escape_rate) << "4 and 3 bits";
  EXPECT_GT(found.rows[2].escape_rate, 0);
}

TEST_F(GpuBench, LeavesOutSizesBeyondTheMemory) {
  state_.free_memory = {1 << 20};
  const GpuBenchResult found = result();
  EXPECT_EQ(found.rows.size(), 2U);
  EXPECT_THAT(found.left_out, ElementsAre(1 << 20));
}

TEST_F(GpuBench, DoesNotReportTheSpeedOfWrongBits) {
  state_.defect = Defect::wrong_bit;
  EXPECT_THROW(result(), RunError);
}

}  // namespace
}  // namespace kvferry::codec
