// The hand-off's keys: what they set, and what they refuse.
#include "tests/scenarios/scenario_text.hpp"

#include <gtest/gtest.h>

namespace kvferry::scenarios {
namespace {

TEST(TransferKeys, SetTheHandoff) {
  const Scenario scenario = load(
      kValid, {{"transfer={overlap: layerwise, chunk_size: 8 MB, binding: early, codec: adaptive, "
                "retry: {resume: false, backoff: 1 ms, limit: 3, patience: 5 s}}"},
               {"codec.interference={encode: 0.25, decode: 0.5}"}});
  const sim::TransferConfig& transfer = scenario.system.transfer;
  EXPECT_EQ(transfer.overlap, sim::Overlap::layerwise);
  EXPECT_EQ(transfer.chunk_bytes, Bytes{8'000'000});
  EXPECT_EQ(transfer.binding, sim::Binding::early);
  EXPECT_TRUE(transfer.adaptive_codec);
  EXPECT_FALSE(transfer.retry.resume);
  EXPECT_EQ(transfer.retry.backoff, Seconds{1e-3});
  EXPECT_EQ(transfer.retry.limit, 3);
  EXPECT_EQ(transfer.retry.patience, Seconds{5});
  EXPECT_EQ(transfer.interference.encode, 0.25);
  EXPECT_EQ(transfer.interference.decode, 0.5);
  EXPECT_EQ(load(kValid, {{"transfer.initiator=pull"}}).system.transfer.initiator,
            sim::Initiator::pull);
}

TEST(TransferKeys, DefaultsAreAPushDecidedLate) {
  const sim::TransferConfig transfer = load(kValid).system.transfer;
  EXPECT_EQ(transfer.overlap, sim::Overlap::pipelined);
  EXPECT_EQ(transfer.binding, sim::Binding::late);
  EXPECT_EQ(transfer.initiator, sim::Initiator::push);
  EXPECT_FALSE(transfer.adaptive_codec);
  EXPECT_EQ(transfer.interference.encode, 0);
}

// Without chunks nothing is paced, so any back-end will do.
TEST(TransferKeys, FluidChunksNeedABackEndThatLimitsRates) {
  const std::string transfer = "transfer={overlap: layerwise, fidelity: fluid}";
  EXPECT_EQ(errors_of(kValid, {{"network.backend=comm"}, {transfer}}),
            std::vector<std::string>{
                "--set " + transfer +
                ": error: key 'transfer.fidelity': 'fluid' limits the rate of flows, which "
                "network.backend: comm cannot; allowed: auto, chunks, or another back-end"});
  EXPECT_NO_THROW(load(kValid, {{"network.backend=comm"},
                                {"transfer={overlap: none, codec: none, fidelity: fluid}"}}));
}

TEST(TransferKeys, RefuseWhatDoesNotGoTogether) {
  EXPECT_EQ(
      error_of_override("transfer={overlap: layerwise, initiator: pull}"),
      "--set transfer={overlap: layerwise, initiator: pull}: error: key "
      "'transfer.initiator': a pull begins when prefill has ended; overlap: layerwise needs push");
  EXPECT_EQ(
      error_of_override("transfer={chunk_size: 8 MB, layers_per_chunk: 4}"),
      "--set transfer={chunk_size: 8 MB, layers_per_chunk: 4}: error: key "
      "'transfer.chunk_size': chunks are cut by chunk_size or by layers_per_chunk, not by both");
}

TEST(TransferKeys, NameTheNearestWord) {
  EXPECT_NE(error_of_override("transfer.overlap=layer-wise").find("did you mean 'layerwise'?"),
            std::string::npos);
  EXPECT_NE(error_of_override("codec.interference.encode=1.5").find("1.5"), std::string::npos);
}

}  // namespace
}  // namespace kvferry::scenarios
