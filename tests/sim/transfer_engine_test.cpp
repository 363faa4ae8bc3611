#include "sim/transfer_engine.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace kvferry::sim {
namespace {

constexpr BytesPerSecond kLine{10e9};
constexpr Bytes kSize{10'000'000};  // 1 ms at the line rate
constexpr double kMax = std::numeric_limits<double>::infinity();

TransferEngine posting(double per_descriptor_us, double blend) {
  TransferEngine engine;
  engine.per_descriptor = {per_descriptor_us * 1e-6};
  engine.blend = blend;
  return engine;
}

TEST(TransferEngine, TheDefaultAddsNothing) {
  EXPECT_EQ(wire_time({}, kSize, 1'000'000, kLine), kSize / kLine);
  EXPECT_EQ(wire_time({}, {0}, 0, kLine), Seconds{0});
}

// efficiency 0.5: 2 ms. rate 4 GB/s, the less of both: 2.5 ms.
TEST(TransferEngine, ReachesAShareOfTheLineAndNoMoreThanItsRate) {
  TransferEngine engine;
  engine.efficiency = 0.5;
  EXPECT_NEAR(wire_time(engine, kSize, 1, kLine).value, 2e-3, 1e-15);
  engine.rate = {4e9};
  EXPECT_NEAR(wire_time(engine, kSize, 1, kLine).value, 2.5e-3, 1e-15);
  EXPECT_NEAR(wire_time(engine, kSize, 1, {2e9}).value, 10e-3, 1e-15);
}

// 500 descriptors of 1.5 us: 0.75 ms, beside 1 ms of wire.
//   p = 1: 1.75   p = 2: sqrt(1 + 0.5625) = 1.25   max: 1
TEST(TransferEngine, BlendsPostingAndWire) {
  EXPECT_NEAR(wire_time(posting(1.5, 1), kSize, 500, kLine).value, 1.75e-3, 1e-15);
  EXPECT_NEAR(wire_time(posting(1.5, 2), kSize, 500, kLine).value, 1.25e-3, 1e-15);
  EXPECT_NEAR(wire_time(posting(1.5, kMax), kSize, 500, kLine).value, 1e-3, 1e-15);
  EXPECT_NEAR(wire_time(posting(3, kMax), kSize, 500, kLine).value, 1.5e-3, 1e-15);
}

// The norm of two positive numbers falls from their sum to their maximum.
TEST(TransferEngine, ALargerBlendNeverTakesLonger) {
  double before = wire_time(posting(1.5, 1), kSize, 500, kLine).value;
  for (const double blend : {1.01, 1.25, 2.0, 8.0, 100.0, 1000.0}) {
    const double now = wire_time(posting(1.5, blend), kSize, 500, kLine).value;
    EXPECT_LT(now, before + 1e-18) << blend;
    before = now;
  }
  EXPECT_NEAR(before, 1e-3, 1e-12) << "nearly the maximum";
}

TEST(TransferEngine, MoreBytesOrDescriptorsNeverTakeLess) {
  for (const double blend : {1.0, 1.25, kMax}) {
    TransferEngine engine = posting(1.5, blend);
    engine.small = {0.5, {1'000'000}, {9'000'000}};
    Seconds before{0};
    for (std::int64_t size = 1000; size < 100'000'000; size = size * 3 / 2) {
      const Seconds now = wire_time(engine, {size}, 40, kLine);
      EXPECT_GE(now, before) << size << " bytes, p " << blend;
      EXPECT_GE(wire_time(engine, {size}, 41, kLine), now) << size << " bytes, p " << blend;
      before = now;
    }
  }
}

// 500 descriptors of 0.2 us that overlap with nothing: 0.1 ms more.
TEST(TransferEngine, SerialPostingIsAddedToAnyBlend) {
  TransferEngine engine = posting(3, kMax);
  engine.serial_per_descriptor = {0.2e-6};
  EXPECT_NEAR(wire_time(engine, kSize, 500, kLine).value, 1.6e-3, 1e-15);
}

// efficiency 0.5 up to 1 MB: 0.2 ms; full from 9 MB: 0.9 ms; at 5 MB, half-way: 0.55 ms.
TEST(TransferEngine, SmallTransfersReachLess) {
  TransferEngine engine;
  engine.small = {0.5, {1'000'000}, {9'000'000}};
  const auto time = [&](std::int64_t size) { return wire_time(engine, {size}, 1, kLine).value; };
  EXPECT_NEAR(time(500'000), 0.1e-3, 1e-15);
  EXPECT_NEAR(time(1'000'000), 0.2e-3, 1e-15);
  EXPECT_NEAR(time(5'000'000), 0.55e-3, 1e-15);
  EXPECT_NEAR(time(9'000'000), 0.9e-3, 1e-15);
  EXPECT_NEAR(time(90'000'000), 9e-3, 1e-15);
}

// Two copies of 10 MB at 100 GB/s are 0.2 ms; one descriptor of 30 us is hidden by 1 ms of wire, or
// added to it.
TEST(TransferEngine, PackedPiecesAreCopiedTwiceAndTravelAsOne) {
  TransferEngine engine = posting(30, kMax);
  engine.packing = {100e9};
  EXPECT_NEAR(wire_time(engine, kSize, 50'000, kLine).value, 1.2e-3, 1e-15);
  engine.blend = 1;
  EXPECT_NEAR(wire_time(engine, kSize, 50'000, kLine).value, 1.23e-3, 1e-15);
}

TEST(TransferEngine, ALineThatIsDownTakesForever) {
  TransferEngine engine = posting(1.5, 1.25);
  EXPECT_TRUE(std::isinf(wire_time(engine, kSize, 10, {0}).value));
  engine.small = {0.5, {1'000'000}, {90'000'000}};
  EXPECT_TRUE(std::isinf(wire_time(engine, kSize, 10, {0}).value));
}

}  // namespace
}  // namespace kvferry::sim
