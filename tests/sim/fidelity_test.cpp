// Which runs are followed chunk by chunk, and which as flows per lane.
#include "sim/fidelity.hpp"

#include "sim/base/error.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kvferry::sim {
namespace {

std::vector<workloads::Request> requests(std::int64_t count) {
  std::vector<workloads::Request> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(request(i, 0, 1000, 10));
  return all;
}

SimulationConfig pipelined(std::int32_t layers_per_chunk) {
  SimulationConfig config = small_system();
  config.transfer.overlap = Overlap::pipelined;
  config.transfer.layers_per_chunk = layers_per_chunk;
  return config;
}

std::int64_t flows(const SimulationConfig& config, std::int64_t count, bool compresses = true) {
  return expected_chunk_flows(config, place(config), requests(count), compresses);
}

Fidelity chosen(const SimulationConfig& config, std::int64_t count, bool limits_rates = true) {
  return with_fidelity(config, place(config), requests(count), true, limits_rates).fidelity;
}

// 32 layers of 5 are 7 chunks, on one lane per pair of GPUs.
TEST(Fidelity, CountsRequestsTimesChunksTimesLanes) {
  SimulationConfig config = pipelined(5);
  EXPECT_EQ(flows(config, 11), 11 * 7);
  config.decode.tensor_parallel = 2;
  EXPECT_EQ(flows(config, 11), 11 * 7 * 2);
}

// A layer of 1,000 tokens is 4,096,000 bytes.
TEST(Fidelity, CountsChunksThatAreCutByBytes) {
  SimulationConfig config = pipelined(4);
  config.transfer.chunk_bytes = Bytes{2 * 4'096'000};
  EXPECT_EQ(flows(config, 1), 16);
}

TEST(Fidelity, NothingIsGainedWhereALaneIsOneFlowAnyway) {
  EXPECT_EQ(flows(pipelined(4), 1'000'000, false), 0);
  EXPECT_EQ(flows(pipelined(32), 1'000'000), 0);
  SimulationConfig config = pipelined(4);
  config.transfer.overlap = Overlap::none;
  EXPECT_EQ(flows(config, 1'000'000), 0);
  config.transfer.overlap = Overlap::layerwise;
  EXPECT_EQ(flows(config, 10, false), 80) << "raw bytes follow the layers, too";
  config = pipelined(4);
  config.mode = Mode::colocated;
  EXPECT_EQ(flows(config, 1'000'000), 0);
  EXPECT_EQ(flows(pipelined(4), 0), 0);
}

TEST(Fidelity, AutomaticIsFluidAbove100000ChunkFlows) {
  EXPECT_EQ(chosen(pipelined(4), 12'500), Fidelity::chunks);
  EXPECT_EQ(chosen(pipelined(4), 12'501), Fidelity::fluid);
  EXPECT_EQ(chosen(pipelined(4), 12'501, false), Fidelity::chunks) << "rates cannot be limited";
}

TEST(Fidelity, WhatIsAskedForIsTaken) {
  SimulationConfig config = pipelined(4);
  config.transfer.fidelity = Fidelity::fluid;
  EXPECT_EQ(chosen(config, 1), Fidelity::fluid);
  config.transfer.fidelity = Fidelity::chunks;
  EXPECT_EQ(chosen(config, 1'000'000), Fidelity::chunks);
}

TEST(Fidelity, FluidNeedsANetworkThatLimitsRates) {
  SimulationConfig config = pipelined(4);
  config.transfer.fidelity = Fidelity::fluid;
  EXPECT_THROW(chosen(config, 1, false), InputError);
  config.transfer.layers_per_chunk = 32;
  EXPECT_EQ(chosen(config, 1, false), Fidelity::fluid) << "one chunk needs no limit";
}

}  // namespace
}  // namespace kvferry::sim
