// codec.timing as users meet it: what a profile or a missing device does to a run.
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kvferry {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const std::string kSmoke = KVFERRY_TEST_FILES "/golden/smoke.yaml";

TEST(CodecTiming, AHandOffOutsideOfTheProfileEndsTheRunUnlessToldOtherwise) {
  const TemporaryFolder folder;
  const std::string profile = (folder.path() / "mine.csv").string();
  write_text(profile,
             "# name: mine\n# origin: measured\n# device: a GPU\n# source: s\n# clocks: c\n"
             "# driver: d\n# date: d\n# repetitions: 3\n# tool: t\n"
             "dtype,mode,tensors,raw_bytes,escape_rate,encode_us,encode_iqr_us,decode_us,"
             "decode_iqr_us\n"
             "bf16,w4-positional,16,100000,0,10,1,5,1\n"
             "bf16,w4-positional,16,200000,0.1,10,1,5,1\n");
  const std::string target = (folder.path() / "results").string();
  const std::string run = "run -q -o " + target + " --set codec.profile=" + profile + " ";
  const auto refused = run_kvferry(run + kSmoke);
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("profile 'mine': error: a launch of 16 tensors, "),
                                 HasSubstr("outside the recorded range of raw bytes, "),
                                 HasSubstr("codec.extrapolate: true")));
  EXPECT_FALSE(std::filesystem::exists(target)) << "no half-written results";
  const auto told = run_kvferry(run + "--set codec.extrapolate=true " + kSmoke);
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("[measured-profile] profile 'mine' on a GPU; s; clocks c; "));
}

TEST(CodecTiming, ExtrapolationIsRefusedWhereThereIsNoProfile) {
  const auto result =
      run_kvferry("run -q --set codec.timing=cpu --set codec.extrapolate=true " + kSmoke);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("has an effect only on a profile"));
}

// An empty list of visible devices is what CUDA itself offers to hide the GPUs of a machine.
const std::string kNoGpu = "CUDA_VISIBLE_DEVICES=";

TEST(CodecTiming, LiveWithoutAGpuIsRefusedWithTheReason) {
  const auto result = run_kvferry("run --set codec.timing=live " + kSmoke, kNoGpu);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, ContainsRegex("codec.timing: error: 'live' needs a GPU, and none can be "
                                        "used: (this build has no CUDA|.*CUDA.*|.*driver.*); "
                                        "allowed without one: auto, profile, cpu, constant"));
  EXPECT_EQ(result.out, "");
}

TEST(CodecTiming, AutoWithoutAGpuIsTheProfile) {
  const std::string run = "run --format json --set codec.timing=";
  const auto automatic = run_kvferry(run + "auto " + kSmoke, kNoGpu);
  EXPECT_EQ(automatic.status, 0) << automatic.err;
  EXPECT_THAT(automatic.err,
              HasSubstr("codec.timing: auto is the profile here, no GPU can be used"));
  std::string expected = run_kvferry(run + "profile " + kSmoke, kNoGpu).out;
  const std::string word = "\"timing\": \"profile\"";
  ASSERT_NE(expected.find(word), std::string::npos);
  expected.replace(expected.find(word), word.size(), "\"timing\": \"auto\"");
  EXPECT_EQ(automatic.out, expected);
}

TEST(CodecTiming, NothingAsksForAGpuWhereNoCodecIsUsed) {
  const auto result =
      run_kvferry("run -q --set codec.timing=live --set transfer.codec=none " + kSmoke, kNoGpu);
  EXPECT_EQ(result.status, 0) << result.err;
}

}  // namespace
}  // namespace kvferry
