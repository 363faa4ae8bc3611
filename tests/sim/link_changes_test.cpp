// Flows under way whose links, caps or neighbours change, on every back-end, against dates worked out
// by hand. A flow of 1 GB on a link of 1 GB/s takes 1 s.
#include "tests/sim/every_back_end.hpp"
#include "tests/sim/flow_run.hpp"

#include <gtest/gtest.h>

namespace kvferry::sim {
namespace {

using Flow = FlowRun::Flow;

class LinkChanges : public EveryBackEnd {};
KVFERRY_ON_EVERY_BACK_END(LinkChanges);
class Cancelling : public EveryBackEnd {};
KVFERRY_ON_EVERY_BACK_END(Cancelling);
class RateCaps : public EveryBackEnd {};
INSTANTIATE_TEST_SUITE_P(BackEnds, RateCaps, testing::Values(NetworkBackend::direct),
                         [](const auto& each) { return name_of(each.param); });

// 0.5 GB at 1 GB/s, the rest at 0.5 GB/s: 0.5 + 0.5 / 0.5 = 1.5 s.
TEST_P(LinkChanges, LoweredCapacitySlowsFlowsUnderWay) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB);
  run.at(0.5, [](Network& network) { network.set_capacity(0, {0.5e9}); });
  run.run();
  EXPECT_NEAR(flow.end_s, 1.5, kTolerance_s);
}

// From 0.1 to 0.5 s at 0.5 GB/s: 0.2 GB; the other 0.8 GB at 1 GB/s: 0.5 + 0.8 = 1.3 s.
TEST_P(LinkChanges, CapacityThatComesBackSpeedsUpFlowsThatStartedWithLess) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  run.at(0, [](Network& network) { network.set_capacity(0, {0.5e9}); });
  const Flow& flow = run.flow(0.1, 0, 1, kGB);
  run.at(0.5, [](Network& network) { network.set_capacity(0, {1e9}); });
  run.run();
  EXPECT_NEAR(flow.end_s, 1.3, kTolerance_s);
}

// 0.5 GB at 1 GB/s, the rest at 2 GB/s: 0.5 + 0.5 / 2 = 0.75 s.
TEST_P(LinkChanges, CapacityMayExceedWhatTheLinkBeganWith) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB);
  run.at(0.5, [](Network& network) { network.set_capacity(0, {2e9}); });
  run.run();
  EXPECT_NEAR(flow.end_s, 0.75, kTolerance_s);
}

// Both have 0.5 GB/s until 0.5 s and have sent 0.25 GB; then the link of the first has 0.25 GB/s and
// the other gets the rest of what they share: 0.5 + 0.75 / 0.25 = 3.5 s, 0.5 + 0.75 / 0.75 = 1.5 s.
TEST_P(LinkChanges, WhatOneFlowLosesItsNeighbourGains) {
  FlowRun run(star_of_1_GBps(3), GetParam());
  const Flow& slowed = run.flow(0, 0, 1, kGB);
  const Flow& other = run.flow(0, 0, 2, kGB);
  run.at(0.5, [](Network& network) { network.set_capacity(3, {0.25e9}); });
  run.run();
  EXPECT_NEAR(slowed.end_s, 3.5, kTolerance_s);
  EXPECT_NEAR(other.end_s, 1.5, kTolerance_s);
}

// Broken at 0.5 s, when both have sent 0.25 GB; the other has all of the link from then on:
// 0.5 + 0.75 = 1.25 s.
TEST_P(LinkChanges, ALinkThatGoesDownBreaksItsFlowsAndTellsWhatIsLeft) {
  FlowRun run(star_of_1_GBps(3), GetParam());
  const Flow& broken = run.flow(0, 0, 1, kGB);
  const Flow& other = run.flow(0, 0, 2, kGB);
  run.at(0.5, [](Network& network) { network.set_up(3, false); });
  run.run();
  EXPECT_EQ(broken.end_s, 0.5);
  EXPECT_EQ(broken.reports, 1);
  EXPECT_FALSE(broken.report.delivered);
  EXPECT_NEAR(broken.report.left, 0.75, 1e-9);
  EXPECT_TRUE(other.report.delivered);
  EXPECT_EQ(other.report.left, 0);
  EXPECT_NEAR(other.end_s, 1.25, kTolerance_s);
}

TEST_P(LinkChanges, ALinkThatIsUpAgainCarriesWhatItDidBefore) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& broken = run.flow(0, 0, 1, kGB);
  run.at(0.25, [](Network& network) { network.set_up(0, false); });
  run.at(1, [](Network& network) { network.set_up(0, true); });
  const Flow& next = run.flow(1, 0, 1, kGB);
  run.run();
  EXPECT_NEAR(broken.report.left, 0.75, 1e-9);
  EXPECT_TRUE(next.report.delivered);
  EXPECT_NEAR(next.end_s, 2, kTolerance_s);
}

// What has arrived when the link goes down has arrived.
TEST_P(LinkChanges, AFlowThatEndsAsItsLinkGoesDownIsDelivered) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB);
  run.at(1, [](Network& network) { network.set_up(0, false); });
  run.run();
  EXPECT_TRUE(flow.report.delivered);
  EXPECT_EQ(flow.report.left, 0);
  EXPECT_EQ(flow.reports, 1);
}

// Flows 0 and 2 are broken and flow 1 delivered, all at 1 s.
TEST_P(LinkChanges, WhatEndsAtOneInstantIsReportedInTheOrderOfStarts) {
  FlowRun run(star_of_1_GBps(6), GetParam());
  const Flow& first = run.flow(0, 0, 1, 2 * kGB);
  const Flow& second = run.flow(0, 2, 3, kGB);
  const Flow& third = run.flow(0, 4, 5, 2 * kGB);
  run.at(1, [](Network& network) {
    network.set_up(11, false);
    network.set_up(3, false);
  });
  run.run();
  EXPECT_EQ(run.reported(), (std::vector<const Flow*>{&first, &second, &third}));
}

TEST_P(LinkChanges, EqualFlowsAreReportedInTheOrderOfStarts) {
  FlowRun run(star_of_1_GBps(12), GetParam());
  std::vector<const Flow*> flows;
  for (const topologies::GpuId from : {4, 0, 10, 2, 8, 6})
    flows.push_back(&run.flow(0, from, from + 1, kGB));
  run.run();
  EXPECT_EQ(run.reported(), flows);
}

// 1 - 0.25 s * 1 GB/s; from 0.5 s on the two share: 1 - 0.5 - 0.25 * 0.5.
TEST_P(LinkChanges, SaysWhatIsLeftOfAFlow) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB);
  run.flow(0.5, 0, 1, kGB);
  std::vector<double> left;
  for (const double when : {0.25, 0.75})
    run.at(when, [&](Network& network) { left.push_back(network.left(flow.handle)); });
  run.run();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_NEAR(left[0], 0.75, 1e-9);
  EXPECT_NEAR(left[1], 0.375, 1e-9);
}

// 0.5 s at 0.5 GB/s each; alone from then on: 0.5 + 0.75 = 1.25 s.
TEST_P(Cancelling, FreesTheBandwidthAndReportsNothing) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& cancelled = run.flow(0, 0, 1, kGB);
  const Flow& other = run.flow(0, 0, 1, kGB);
  run.at(0.5, [&](Network& network) { network.cancel(cancelled.handle); });
  run.run();
  EXPECT_EQ(cancelled.reports, 0);
  EXPECT_NEAR(other.end_s, 1.25, kTolerance_s);
}

// The next flow takes the place of the cancelled one, of which SimGrid has still something to say.
TEST_P(Cancelling, DoesNotReachTheFlowThatTakesThePlace) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& cancelled = run.flow(0, 0, 1, kGB);
  const Flow* next = nullptr;
  run.at(0.5, [&](Network& network) {
    network.cancel(cancelled.handle);
    next = &run.start_now(0, 1, kGB);
    network.cancel(cancelled.handle);
  });
  run.run();
  EXPECT_EQ(cancelled.reports, 0);
  EXPECT_EQ(next->handle.slot, cancelled.handle.slot);
  EXPECT_EQ(next->reports, 1);
  EXPECT_TRUE(next->report.delivered);
  EXPECT_NEAR(next->end_s, 1.5, kTolerance_s);
}

// Both end at 1 s; the report of the first cancels the second, and starts a third in its place.
TEST_P(Cancelling, AFlowThatHasEndedButIsNotReportedYetNeverIs) {
  FlowRun run(star_of_1_GBps(4), GetParam());
  const Flow& first = run.flow(0, 0, 1, kGB);
  const Flow& second = run.flow(0, 2, 3, kGB);
  const Flow* third = nullptr;
  double left_of_second = -1;
  run.on_end = [&](const Flow& flow) {
    if (&flow != &first) return;
    left_of_second = run.engine().network().left(second.handle);
    run.engine().network().cancel(second.handle);
    run.start_now(0, 1, kGB);
    third = &run.start_now(2, 3, kGB);
  };
  run.run();
  EXPECT_EQ(left_of_second, 0);
  EXPECT_EQ(second.reports, 0);
  EXPECT_EQ(third->reports, 1);
  EXPECT_NEAR(third->end_s, 2, kTolerance_s);
}

TEST_P(Cancelling, OfABrokenFlowInItsInstantLeavesNoReport) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB);
  run.at(0.5, [&](Network& network) {
    network.set_up(0, false);
    EXPECT_NEAR(network.left(flow.handle), 0.5, 1e-9);
    network.cancel(flow.handle);
  });
  run.at(1, [](Network&) {});
  run.run();
  EXPECT_EQ(flow.reports, 0);
}

// 0.1 and 0.2 GB/s as capped, 0.7 GB/s for the third: 10 s, 5 s, 1 / 0.7 s.
TEST_P(RateCaps, LeaveTheRestToOthers) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& slow = run.flow(0, 0, 1, kGB, BytesPerSecond{0.1e9});
  const Flow& faster = run.flow(0, 0, 1, kGB, BytesPerSecond{0.2e9});
  const Flow& free = run.flow(0, 0, 1, kGB);
  run.run();
  EXPECT_NEAR(slow.end_s, 10, kTolerance_s);
  EXPECT_NEAR(faster.end_s, 5, kTolerance_s);
  EXPECT_NEAR(free.end_s, 1 / 0.7, kTolerance_s);
}

// 0.25 GB at 1 GB/s, 0.25 s at 0.25 GB/s, the rest, 1 - 0.25 - 0.0625, at 1 GB/s:
// 0.5 + 0.6875 = 1.1875 s.
TEST_P(RateCaps, CanBeSetAndLiftedWhileTheFlowIsUnderWay) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB);
  run.at(0.25, [&](Network& network) { network.set_cap(flow.handle, BytesPerSecond{0.25e9}); });
  run.at(0.5, [&](Network& network) { network.set_cap(flow.handle, {}); });
  run.run();
  EXPECT_NEAR(flow.end_s, 1.1875, kTolerance_s);
}

// A cap above the flow's share changes nothing; when the link gains, the cap holds:
// 0.5 s at 1 GB/s, then 0.5 GB at 2 of 4 GB/s: 0.75 s.
TEST_P(RateCaps, HoldWhateverTheLinkGains) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& flow = run.flow(0, 0, 1, kGB, BytesPerSecond{2e9});
  run.at(0.5, [](Network& network) { network.set_capacity(0, {4e9}); });
  run.run();
  EXPECT_NEAR(flow.end_s, 0.75, kTolerance_s);
}

}  // namespace
}  // namespace kvferry::sim
