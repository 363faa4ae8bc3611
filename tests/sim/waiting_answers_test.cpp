// Answers whose caches have arrived and that wait for a seat in the decode batch.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kvferry::sim {
namespace {

// One seat, and room for both prompts of 63 blocks and a few blocks more. The first answer needs 13:
// it loses its room to the second, which holds its prompt already, and is resumed when that is done.
TEST(WaitingAnswers, TakeTheSeatOfAnAnswerThatLosesItsRoom) {
  for (const Preemption preemption : {Preemption::recompute, Preemption::swap}) {
    SimulationConfig config = small_system();
    const double weights = static_cast<double>(weight_bytes(config.model, WeightType::bf16).value);
    config.decode.kv_memory_fraction = (weights + 2100 * 131'072.0) / 80e9;
    config.decode.max_batch_size = 1;
    config.decode.preemption = preemption;
    const std::vector<workloads::Request> requests{request(0, 0, 1000, 200),
                                                   request(1, 0, 1000, 200)};
    const SimulationResult result =
        simulate_isolated(config, requests, *codec::make_raw_transfer());
    EXPECT_EQ(result.records[0].outcome, Outcome::finished);
    EXPECT_EQ(result.records[1].outcome, Outcome::finished);
    EXPECT_EQ(result.records[0].preemptions, 1);
    EXPECT_EQ(result.records[1].preemptions, 0);
    EXPECT_LT(result.records[1].finish, result.records[0].finish);
    EXPECT_EQ(result.totals.kv_blocks_in_use, 0);
  }
}

}  // namespace
}  // namespace kvferry::sim
