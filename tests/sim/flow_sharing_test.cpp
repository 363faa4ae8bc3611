// How flows share links, on every back-end, against closed forms.
#include "tests/sim/every_back_end.hpp"
#include "tests/sim/flow_run.hpp"

#include <gtest/gtest.h>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;
using Flow = FlowRun::Flow;

class FlowSharing : public EveryBackEnd {};
KVFERRY_ON_EVERY_BACK_END(FlowSharing);
class FlowsIntoOneNic : public EveryBackEnd {};
KVFERRY_ON_EVERY_BACK_END(FlowsIntoOneNic);

// n flows of S bytes on a link of B bytes/s all end at n S / B.
TEST_P(FlowSharing, EqualFlowsOnOneLinkEndTogether) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  constexpr int kFlows = 50;
  for (int i = 0; i < kFlows; ++i) run.flow(0, 0, 1, kGB);
  run.run();
  ASSERT_EQ(run.reported().size(), static_cast<std::size_t>(kFlows));
  for (const Flow* flow : run.reported()) EXPECT_NEAR(flow->end_s, kFlows, kTolerance_s);
}

// Of 1, 2 and 3 GB on 1 GB/s the shortest ends at 3 * 1 = 3 s, the next at 3 + 2 * 1 = 5 s, the
// longest at 5 + 1 = 6 s.
TEST_P(FlowSharing, WhatShortFlowsLeaveGoesToLongerOnes) {
  FlowRun run(one_link_of_1_GBps(), GetParam());
  const Flow& longest = run.flow(0, 0, 1, 3 * kGB);
  const Flow& middle = run.flow(0, 0, 1, 2 * kGB);
  const Flow& shortest = run.flow(0, 0, 1, kGB);
  run.run();
  EXPECT_NEAR(shortest.end_s, 3, kTolerance_s);
  EXPECT_NEAR(middle.end_s, 5, kTolerance_s);
  EXPECT_NEAR(longest.end_s, 6, kTolerance_s);
}

// The parking lot: a flow over n links of 1 GB/s, and on each of them one more. Max-min gives all of
// them 0.5 GB/s (proportional fairness would give the long one 1 / (n + 1)): 2 s.
TEST_P(FlowSharing, ALongPathHasTheSameShareAsShortOnes) {
  constexpr int kLinks = 4;
  FlowRun run(linked_gpus(2 + 2 * kLinks, std::vector<double>(kLinks, 1e9),
                          [](GpuId from, GpuId) -> std::vector<LinkId> {
                            if (from == 0) return {0, 1, 2, 3};
                            return {from / 2 - 1};
                          }),
              GetParam());
  run.flow(0, 0, 1, kGB);
  for (GpuId i = 0; i < kLinks; ++i) run.flow(0, 2 + 2 * i, 3 + 2 * i, kGB);
  run.run();
  for (const Flow* flow : run.reported()) EXPECT_NEAR(flow->end_s, 2, kTolerance_s);
}

// h hosts on either side of a core that carries h B / k: each flow has B / k, and takes k S / B.
TEST_P(FlowSharing, AnOversubscribedCoreSlowsEveryFlowByItsFactor) {
  constexpr GpuId kHosts = 8;
  constexpr double kOversubscription = 4;
  std::vector<double> capacities(2 * kHosts, 1e9);
  capacities.push_back(kHosts * 1e9 / kOversubscription);
  FlowRun run(linked_gpus(2 * kHosts, capacities,
                          [](GpuId from, GpuId to) -> std::vector<LinkId> {
                            return {from, 2 * kHosts, to};
                          }),
              GetParam());
  for (GpuId host = 0; host < kHosts; ++host) run.flow(0, host, kHosts + host, kGB);
  run.run();
  for (const Flow* flow : run.reported()) EXPECT_NEAR(flow->end_s, kOversubscription, kTolerance_s);
}

// A dumbbell whose left paths differ in latency a hundredfold: TCP would favour the shorter, we do
// not: latency delays a flow's first byte, and does not enter its share. Both have 0.5 GB/s: 2 s.
TEST_P(FlowSharing, LatencyDoesNotEnterTheShare) {
  topologies::Topology dumbbell =
      linked_gpus(4, {10e9, 10e9, 1e9}, [](GpuId from, GpuId) -> std::vector<LinkId> {
        return {from, 2};
      });
  dumbbell.links[0].latency = {1e-6};
  dumbbell.links[1].latency = {100e-6};
  FlowRun run(dumbbell, GetParam());
  const Flow& near = run.flow(0, 0, 2, kGB);
  const Flow& far = run.flow(0, 1, 3, kGB);
  run.run();
  EXPECT_NEAR(near.end_s, 2, kTolerance_s);
  EXPECT_NEAR(far.end_s, 2, kTolerance_s);
}

// Up to two flows into a NIC share 1 GB/s, and end at 2 s.
TEST_P(FlowsIntoOneNic, SparesAsManyFlowsAsItAllows) {
  FlowRun run(star_of_1_GBps(3), GetParam(), IncastLoss{2, 0.5});
  for (const GpuId from : {1, 2}) run.flow(0, from, 0, kGB);
  run.run();
  ASSERT_EQ(run.reported().size(), 2U);
  for (const Flow* flow : run.reported()) EXPECT_NEAR(flow->end_s, 2, kTolerance_s);
}

// Three share half of 1 GB/s until the two of 0.5 GB have ended: 3 * 0.5 / 0.5 = 3 s; the third has
// sent 0.5 GB of its 1 GB by then and all of the link from there: 3.5 s.
TEST_P(FlowsIntoOneNic, LastsWhileTooManyFlowsMeet) {
  FlowRun run(star_of_1_GBps(4), GetParam(), IncastLoss{2, 0.5});
  run.flow(0, 1, 0, kGB / 2);
  run.flow(0, 2, 0, kGB / 2);
  run.flow(0, 3, 0, kGB);
  run.run();
  ASSERT_EQ(run.reported().size(), 3U);
  EXPECT_NEAR(run.reported()[0]->end_s, 3, kTolerance_s);
  EXPECT_NEAR(run.reported()[1]->end_s, 3, kTolerance_s);
  EXPECT_NEAR(run.reported()[2]->end_s, 3.5, kTolerance_s);
}

// Three flows out of one NIC share all of it: 3 s.
TEST_P(FlowsIntoOneNic, DoesNotBefallWhatLeavesANic) {
  FlowRun run(star_of_1_GBps(4), GetParam(), IncastLoss{2, 0.5});
  for (const GpuId to : {1, 2, 3}) run.flow(0, 0, to, kGB);
  run.run();
  ASSERT_EQ(run.reported().size(), 3U);
  for (const Flow* flow : run.reported()) EXPECT_NEAR(flow->end_s, 3, kTolerance_s);
}

// 1 s at half of 1 GB/s, then half of 2 GB/s: three flows of 0.5 GB end at 1 + (1.5 - 0.5) / 1 = 2 s.
TEST_P(FlowsIntoOneNic, IsAShareOfTheCapacityThatTheLinkHasNow) {
  FlowRun run(star_of_1_GBps(4), GetParam(), IncastLoss{2, 0.5});
  for (const GpuId from : {1, 2, 3}) run.flow(0, from, 0, kGB / 2);
  run.at(1, [](Network& network) { network.set_capacity(1, {2e9}); });
  run.run();
  ASSERT_EQ(run.reported().size(), 3U);
  for (const Flow* flow : run.reported()) EXPECT_NEAR(flow->end_s, 2, kTolerance_s);
}

}  // namespace
}  // namespace kvferry::sim
