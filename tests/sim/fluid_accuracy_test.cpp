// Hand-offs of one flow per lane against hand-offs of a flow per chunk, under load. The bounds are
// those the project asks for; what is reached, and over more cases, is in sim/FLUID.md.
#include "codec/transfer_codec.hpp"
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "sim/network_backend.hpp"
#include "tests/sim/handoff_study.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

/// A tenth of the events holds from so many chunks on, whichever stage is the slowest.
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

// 2 + 2 instances whose hand-offs share NICs of 2.5 GB/s, from little to much.
SimulationConfig serving(Fidelity fidelity) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  config.decode.instances = 2;
  two_tier(config).link_bandwidth = {2.5e9};
  config.transfer.overlap = Overlap::pipelined;
  config.transfer.layers_per_chunk = 1;
  config.transfer.fidelity = fidelity;
  return config;
}

std::vector<double> times_to_first_token(Fidelity fidelity, double per_second) {
  RandomStream random(11, "arrivals");
  std::vector<workloads::Request> requests;
  double when = 0;
  for (std::int64_t id = 0; id < 1500; ++id) {
    when += random.exponential() / per_second;
    requests.push_back(request(id, when, 200 + static_cast<std::int64_t>(random.below(3000)), 20));
  }
  const auto codec = codec::make_constant_codec({{{2e-5}, {6e9}}, {{1e-5}, {20e9}}, 1.33});
  const SimulationResult result = simulate_isolated(serving(fidelity), requests, *codec);
  EXPECT_EQ(result.totals.fidelity,
            fidelity == Fidelity::fluid ? HandoffFidelity::fluid : HandoffFidelity::chunks);
  std::vector<double> times;
  for (const RequestRecord& record : result.records)
    times.push_back((record.first_token - record.arrival).value);
  std::sort(times.begin(), times.end());
  return times;
}

TEST(FluidServing, TimesToFirstTokenAreThoseOfChunks) {
  if (!is_built(NetworkBackend::direct)) GTEST_SKIP() << "no back-end that limits rates";
  for (const double per_second : {4.0, 12.0, 18.0}) {
    const std::vector<double> chunks = times_to_first_token(Fidelity::chunks, per_second);
    const std::vector<double> fluid = times_to_first_token(Fidelity::fluid, per_second);
    for (const std::size_t rank : {750U, 1350U, 1485U})
      EXPECT_NEAR(fluid[rank] / chunks[rank], 1, 0.01) << per_second << "/s, rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(Studies, FluidAccuracy, testing::ValuesIn(subset()), name_of);

}  // namespace
}  // namespace kvferry::sim
