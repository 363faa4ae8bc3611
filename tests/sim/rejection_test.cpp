// Requests that cannot be served are counted, not lost; so are those that the horizon cuts off.
#include "sim/base/error.hpp"
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace kvferry::sim {
namespace {

SimulationResult run_raw(const SimulationConfig& config,
                         const std::vector<workloads::Request>& requests) {
  return simulate_isolated(config, requests, *codec::make_raw_transfer());
}

TEST(Rejection, ARequestBeyondTheModelsContextIsRejected) {
  const auto result = run_raw(small_system(), {request(0, 0, 131'000, 100), request(1, 0, 100, 2)});
  EXPECT_EQ(result.records[0].outcome, Outcome::rejected_context);
  EXPECT_EQ(result.records[1].outcome, Outcome::finished);
}

TEST(Rejection, ARequestLongerThanAKvCacheIsRejected) {
  SimulationConfig config = small_system();
  const double weights = static_cast<double>(weight_bytes(config.model, WeightType::bf16).value);
  const auto fraction_for = [&](double tokens) { return (weights + tokens * 131'072) / 80e9; };
  config.prefill.kv_memory_fraction = fraction_for(2100);
  config.decode.kv_memory_fraction = fraction_for(1100);
  const auto result =
      run_raw(config, {request(0, 0, 3000, 10), request(1, 0, 1000, 200), request(2, 0, 1000, 10)});
  EXPECT_EQ(result.records[0].outcome, Outcome::rejected_prefill_kv);
  EXPECT_EQ(result.records[1].outcome, Outcome::rejected_decode_kv);
  EXPECT_EQ(result.records[2].outcome, Outcome::finished);
  EXPECT_EQ(result.records[0].prefill_instance, -1);
}

TEST(Horizon, CutsOffWhatIsStillInTheSystem) {
  SimulationConfig config = small_system();
  config.horizon = Seconds{1};
  const auto result = run_raw(
      config, {request(0, 0, 100, 2), request(1, 0.9, 100, 100'000), request(2, 1.5, 100, 2)});
  EXPECT_EQ(result.records[0].outcome, Outcome::finished);
  EXPECT_EQ(result.records[1].outcome, Outcome::unfinished);
  EXPECT_EQ(result.records[1].finish, kNever);
  EXPECT_NE(result.records[1].prefill_end, kNever);
  EXPECT_EQ(result.records[2].outcome, Outcome::unfinished);
  EXPECT_EQ(result.records[2].prefill_start, kNever);
}

TEST(IsolatedSimulation, ReportsWhatWentWrongInTheChild) {
  class ThrowingCodec final : public codec::TransferCodec {
    codec::HandoffCost handoff(const codec::KvSlice&) override {
      throw std::runtime_error("the codec broke");
    }
    codec::CodecSources sources() const override { return {}; }
  };
  ThrowingCodec codec;
  const std::vector<workloads::Request> requests{request(0, 0, 100, 2)};
  try {
    simulate_isolated(small_system(), requests, codec);
    FAIL() << "no exception";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "the codec broke");
  }
}

TEST(IsolatedSimulation, SurvivesAChildThatDies) {
  class DyingCodec final : public codec::TransferCodec {
    codec::HandoffCost handoff(const codec::KvSlice&) override { std::abort(); }
    codec::CodecSources sources() const override { return {}; }
  };
  DyingCodec codec;
  const std::vector<workloads::Request> requests{request(0, 0, 100, 2)};
  try {
    simulate_isolated(small_system(), requests, codec);
    FAIL() << "no exception";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "the simulation process was ended by signal 6 (Aborted)");
  }
}

}  // namespace
}  // namespace kvferry::sim
