// The commands on GPUs, on a machine without one; what they measure is tested on a fake device
// (tests/codec/gpu).
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace kvferry {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// An empty list of visible devices is what CUDA itself offers to hide the GPUs of a machine.
const std::string kNoGpu = "CUDA_VISIBLE_DEVICES=";

TEST(GpuCommands, BenchWithoutAGpuSaysWhy) {
  const auto result = run_kvferry("codec bench --device 0", kNoGpu);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, StartsWith("kvferry codec bench: error: no GPU can be used: "));
  EXPECT_EQ(result.out, "");
}

TEST(GpuCommands, ProfileWithoutAGpuSaysWhyAndLeavesNoFile) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "profile.csv";
  const auto result = run_kvferry("codec profile --device 0 -o " + target.string(), kNoGpu);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, StartsWith("kvferry codec profile: error: no GPU can be used: "));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(GpuCommands, WrongArgumentsAreRefused) {
  EXPECT_EQ(run_kvferry("codec profile").status, 2) << "no output file";
  EXPECT_EQ(run_kvferry("codec bench --device=-1").status, 2);
  EXPECT_EQ(run_kvferry("codec bench --device first").status, 2);
  const auto both = run_kvferry("codec bench --device 0 --threads 2");
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, HasSubstr("--threads"));
}

TEST(GpuCommands, AProfileIsNotReplacedUnasked) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "profile.csv";
  write_text(target, "mine");
  const auto result = run_kvferry("codec profile -o " + target.string(), kNoGpu);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("profile.csv"));
  EXPECT_EQ(read_text(target), "mine");
}

}  // namespace
}  // namespace kvferry
