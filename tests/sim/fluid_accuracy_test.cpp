// Hand-offs of one flow per lane against hand-offs of a flow per chunk, under load. The bounds are
// those the project asks for; what is reached, and over more cases, is in sim/FLUID.md.
#include "sim/network_backend.hpp"
#include "tests/sim/handoff_study.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kvferry::sim {
namespace {

/// A tenth of the events holds from so many chunks on, when the encoder is the slowest stage; with the
/// wire or the decoder it holds from 17 on.
constexpr std::int32_t kChunksForATenth = 40;

class FluidAccuracy : public testing::TestWithParam<StudyCase> {
 protected:
  void SetUp() override {
    if (!is_built(NetworkBackend::direct)) GTEST_SKIP() << "no back-end that limits rates";
  }
};

TEST_P(FluidAccuracy, StaysWithinTheStatedErrorOfChunks) {
  const StudyCase& study = GetParam();
  const StudyRun chunks = run_study(study, Fidelity::chunks);
  const StudyRun fluid = run_study(study, Fidelity::fluid);
  const StudyError error = compare(chunks, fluid);
  EXPECT_LT(std::abs(error.mean), 0.01);
  EXPECT_LT(error.each_p99, 0.06);
  if (study.chunks >= kChunksForATenth) {
    EXPECT_LT(error.events, 0.1);
  }
  EXPECT_NEAR(fluid.encode_busy_s / chunks.encode_busy_s, 1, 1e-9);
  EXPECT_NEAR(fluid.decode_busy_s / chunks.decode_busy_s, 1, 1e-9);
}

std::vector<StudyCase> subset() {
  std::vector<StudyCase> studies = all_studies();
  // The wire at 0.9 is chaotic whichever way it is followed: see sim/FLUID.md.
  std::erase_if(studies, [](const StudyCase& study) {
    return study.chunks == 320 || (study.name == "wire" && study.load == 0.9);
  });
  for (StudyCase& study : studies) study.handoffs = 600;
  return studies;
}

std::string name_of(const testing::TestParamInfo<StudyCase>& info) {
  const StudyCase& study = info.param;
  return study.name + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Studies, FluidAccuracy, testing::ValuesIn(subset()), name_of);

}  // namespace
}  // namespace kvferry::sim
