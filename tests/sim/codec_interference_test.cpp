// The codec's work delays the iterations beside it, and no others.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;
constexpr double kShare = 0.5;
constexpr double kEncode_s =
    0.1;  ///< of every hand-off: one launch, bytes cost nothing to speak of

// Prompts of 1000 tokens, each in an iteration of its own; a hand-off is one chunk.
double second_prefill_s(double arrival_s, SimulationConfig config = small_system()) {
  config.prefill.max_batch_tokens = 1000;
  config.transfer.interference.encode = kShare;
  const auto codec = codec::make_constant_codec({{{kEncode_s}, {1e18}}, {{0}, {1e18}}, 1.33});
  const auto result = simulate_isolated(
      config, std::vector{request(0, 0, 1000, 2), request(1, arrival_s, 1000, 2)}, *codec);
  const RequestRecord& second = result.records.at(1);
  return (second.prefill_end - second.prefill_start).value;
}

// The second prompt waits when the first one's cache begins to be encoded.
//   prefill + share * encode
TEST(CodecInterference, AnIterationThatFollowsAtOnceIsDelayedByTheShareOfTheWholeWork) {
  const double prefill = prefill_s(small_system(), 1000);
  EXPECT_NEAR(second_prefill_s(0), prefill + kShare * kEncode_s, kTolerance_s);
}

// It comes when 30 % of the encoding is left.
//   prefill + share * 0.3 * encode
TEST(CodecInterference, WhatIsEncodedWhileTheEngineIsIdleDelaysNobody) {
  const double prefill = prefill_s(small_system(), 1000);
  EXPECT_NEAR(second_prefill_s(prefill + 0.7 * kEncode_s), prefill + kShare * 0.3 * kEncode_s,
              kTolerance_s);
  EXPECT_NEAR(second_prefill_s(prefill + 2 * kEncode_s), prefill, kTolerance_s);
  EXPECT_NEAR(second_prefill_s(3600), prefill, kTolerance_s);
}

}  // namespace
}  // namespace kvferry::sim
