#include "codec/gpu/record_profile.hpp"

#include "codec/gpu/quartiles.hpp"
#include "sim/base/error.hpp"
#include "tests/codec/gpu/fake_gpu.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace kvferry::codec {
namespace {

ProfilePlan small_plan() {
  ProfilePlan plan = default_profile_plan();
  plan.tensors = {2, 16};
  plan.raw_bytes = {16 << 10, 1 << 20};
  plan.escape_rates = {0, 0.01, 0.25};
  plan.repetitions = 3;
  return plan;
}

Recording recorded(FakeGpuState& state, const ProfilePlan& plan) {
  FakeGpu gpu(state);
  return record_profile(gpu, plan, [](std::size_t, std::size_t) {});
}

TEST(Quartiles, AreMeasuredTimes) {
  const Quartiles five = quartiles_of({{5}, {1}, {4}, {2}, {3}});
  EXPECT_EQ(five.median.value, 3);
  EXPECT_EQ(five.spread.value, 2);
  const Quartiles one = quartiles_of({{7}});
  EXPECT_EQ(one.median.value, 7);
  EXPECT_EQ(one.spread.value, 0);
}

TEST(RecordProfile, WritesAProfileThatPricesWhatWasRecorded) {
  FakeGpuState state;
  Recording recording = recorded(state, small_plan());
  recording.date = "2026-01-02";
  recording.tool = "kvferry test";
  EXPECT_EQ(recording.launches.size(), 9U * 2 * 2 * 3) << "formats, tensors, sizes, rates";
  const CodecProfile profile = parse_codec_profile(profile_text(recording), "p.csv");
  EXPECT_EQ(profile.device, "a fake GPU");
  for (const RecordedLaunch& launch : recording.launches) {
    const LaunchTimes times = times_of(profile, {&launch.shape, 1}, OutsideRange::refuse);
    EXPECT_NEAR(times.encode.value, fake_encode_time(launch.shape.raw).value, 1e-9);
    EXPECT_NEAR(times.decode.value, fake_encode_time(launch.shape.raw).value / 2, 1e-9);
  }
}

TEST(RecordProfile, EscapesComeAtThePlannedRates) {
  FakeGpuState state;
  for (const RecordedLaunch& launch : recorded(state, small_plan()).launches) {
    const double rate = launch.shape.escape_rate;
    const double values = static_cast<double>(launch.shape.raw.value) /
                          static_cast<double>(launch.shape.tensors) /
                          static_cast<double>(bytes_per_value(launch.shape.format.dtype));
    const double error = std::min({std::abs(rate), std::abs(rate - 0.01), std::abs(rate - 0.25)});
    EXPECT_LE(error, 1 / values) << text_of(launch.shape);
  }
}

TEST(RecordProfile, LeavesOutWhatDoesNotFit) {
  FakeGpuState state;
  state.free_memory = {Bytes{2 << 20}};
  const Recording recording = recorded(state, small_plan());
  EXPECT_FALSE(recording.launches.empty());
  for (const RecordedLaunch& launch : recording.launches) {
    EXPECT_LE(launch.shape.raw.value, 16 << 10);
  }
  state.free_memory = {Bytes{1 << 10}};
  EXPECT_THROW(recorded(state, small_plan()), RunError);
}

TEST(RecordProfile, DoesNotTimeWrongBits) {
  FakeGpuState state;
  state.defect = Defect::wrong_bit;
  EXPECT_THROW(recorded(state, small_plan()), RunError);
}

TEST(RecordProfile, TheDefaultPlanCoversHandOffs) {
  const ProfilePlan plan = default_profile_plan();
  EXPECT_EQ(plan.formats.size(), 9U);
  EXPECT_TRUE(std::ranges::all_of(plan.formats, is_supported));
  EXPECT_EQ(plan.tensors.front(), 2) << "K and V of a layer";
  EXPECT_EQ(plan.tensors.back(), 160) << "80 layers at once";
  EXPECT_EQ(plan.raw_bytes.back(), 1 << 30);
}

}  // namespace
}  // namespace kvferry::codec
