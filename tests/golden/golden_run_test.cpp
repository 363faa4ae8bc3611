// One scenario and the bytes it must give: on any machine, every time. A change of smoke.csv needs
// its reason in the commit; to renew it:  kvferry run tests/golden/smoke.yaml -o DIR && cp
// DIR/requests.csv tests/golden/smoke.csv
#include "tests/cli/run_program.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvferry {
namespace {

const std::string kGolden = KVFERRY_TEST_FILES "/golden";

struct Files {
  std::string requests;
  std::string summary;
};

Files run_smoke(const std::string& environment = "") {
  const TemporaryFolder folder;
  const auto target = folder.path() / "results";
  const auto result =
      run_kvferry("run -q -o " + target.string() + " " + kGolden + "/smoke.yaml", environment);
  EXPECT_EQ(result.status, 0) << result.err;
  return {read_text(target / "requests.csv"), read_text(target / "summary.json")};
}

TEST(GoldenRun, GivesTheRecordedBytes) {
  EXPECT_EQ(run_smoke().requests, read_text(kGolden + "/smoke.csv"));
}

TEST(GoldenRun, GivesTheSameBytesTwice) {
  const Files first = run_smoke();
  const Files second = run_smoke();
  EXPECT_EQ(first.requests, second.requests);
  EXPECT_EQ(first.summary, second.summary);
}

// The C library picks other exp, log and pow where there is no fused multiply-add; none of ours may
// depend on it.
TEST(GoldenRun, GivesTheSameBytesOnAProcessorWithoutFusedMultiplyAdd) {
  const std::string old_processor =
      "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F,-AVX2_Usable,-FMA_Usable,-FMA4_"
      "Usable";
  const Files here = run_smoke();
  const Files there = run_smoke(old_processor);
  EXPECT_EQ(here.requests, there.requests);
  EXPECT_EQ(here.summary, there.summary);
}

TEST(GoldenRun, GivesTheSameBytesOnOneCoreAndOnAll) {
  const Files all = run_smoke();
  const Files one = run_smoke("taskset -c 0");
  EXPECT_EQ(all.requests, one.requests);
  EXPECT_EQ(all.summary, one.summary);
}

TEST(GoldenRun, AnotherSeedGivesOtherBytes) {
  const auto a = run_kvferry("run -q --format json " + kGolden + "/smoke.yaml");
  const auto b = run_kvferry("run -q --format json --set seed=12 " + kGolden + "/smoke.yaml");
  EXPECT_NE(a.out, b.out);
}

}  // namespace
}  // namespace kvferry
