// What passes over the links is accounted for: by hand, without a network.
#include "sim/links.hpp"

#include "sim/base/random.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;
using topologies::VertexKind;
using Path = std::vector<LinkId>;

// So many links that nothing is known of but that they exist.
topologies::Topology bare_links(int count) {
  topologies::Topology topology;
  topology.links.resize(static_cast<std::size_t>(count), {"link", {1e9}, {0}});
  return topology;
}

Bytes sum(const LinkTimeline& timeline) {
  return std::accumulate(timeline.bytes.begin(), timeline.bytes.end(), Bytes{0});
}

// Flows [0, 4) of 400 bytes and [1, 3) of 100 bytes on link 0, the first on link 1 too.
TEST(Links, TwoFlowsAreBusyAndShareInClosedForm) {
  Links links(bare_links(3), 4);
  const Path both{0, 1};
  const Path one{0};
  links.flow_started({both, 0, {0}});
  links.flow_started({one, 0, {1}});
  EXPECT_EQ(links[0].flows, 2);
  links.flow_ended({one, 0, {1}}, {100}, {3});
  links.flow_ended({both, 0, {0}}, {400}, {4});
  const NetworkUse use = links.use({10});
  // busy = 4 - 0, shared = 3 - 1, peak = 2; link 1: busy = 4 - 0, never shared.
  EXPECT_EQ(use.links[0], (LinkUse{{500}, {4}, {2}, 2}));
  EXPECT_EQ(use.links[1], (LinkUse{{400}, {4}, {0}, 1}));
  EXPECT_EQ(use.links[2], LinkUse{});
  EXPECT_EQ(links[0].flows, 0);
}

TEST(Links, FlowsUnderWayCountUntilNow) {
  Links links(bare_links(1), 4);
  const Path path{0};
  links.flow_started({path, 0, {1}});
  links.flow_started({path, 1, {2}});
  // busy = 5 - 1, shared = 5 - 2; bytes are those of flows that have ended.
  EXPECT_EQ(links.use({5}).links[0], (LinkUse{{0}, {4}, {3}, 2}));
  links.flow_ended({path, 0, {1}}, {10}, {6});
  EXPECT_EQ(links.use({7}).links[0], (LinkUse{{10}, {6}, {4}, 2}));
}

// 1 s of 64 bins needs bins of 1/64 s. 640 bytes over [0, 1) are 10 in each; 30 bytes over
// [1/64, 1/64 + 3/128) are 20 bytes per bin for one and a half bins.
TEST(LinkTimelines, FlowsAreSpreadEvenlyOverTheirLife) {
  LinkTimelines timelines(2);
  timelines.add(Path{0}, {640}, {0}, {1});
  timelines.add(Path{0, 1}, {30}, {1.0 / 64}, {1.0 / 64 + 3.0 / 128});
  EXPECT_EQ(timelines.bin(), Seconds{1.0 / 64});
  const auto used = timelines.of_used_links();
  ASSERT_EQ(used.size(), 2U);
  LinkTimeline expected{0, {}};
  expected.bytes.fill({10});
  expected.bytes[1] += {20};
  expected.bytes[2] += {10};
  EXPECT_EQ(used[0], expected);
  EXPECT_EQ(used[1], (LinkTimeline{1, {Bytes{0}, Bytes{20}, Bytes{10}}}));
}

// 5 bytes over two bins and a half are 2, 2 and 1: rounded are the sums 2, 4 and 5. And a byte that
// belongs to three bins is in the second, where more than half of it has been sent.
TEST(LinkTimelines, BytesStayWhole) {
  LinkTimelines timelines(2);
  timelines.add(Path{1}, {8}, {0}, {1});  // makes the bins 1/64 s wide
  timelines.add(Path{0}, {5}, {0}, {2.5 / 64});
  timelines.add(Path{0}, {1}, {10.0 / 64}, {13.0 / 64});
  const LinkTimeline timeline = timelines.of_used_links().front();
  EXPECT_EQ(timeline.bytes[0], Bytes{2});
  EXPECT_EQ(timeline.bytes[1], Bytes{2});
  EXPECT_EQ(timeline.bytes[2], Bytes{1});
  EXPECT_EQ(timeline.bytes[10], Bytes{0});
  EXPECT_EQ(timeline.bytes[11], Bytes{1});
  EXPECT_EQ(timeline.bytes[12], Bytes{0});
}

TEST(LinkTimelines, LinksThatCarryNothingHaveNone) {
  LinkTimelines timelines(1000);
  timelines.add(Path{7}, {0}, {0}, {1});
  EXPECT_TRUE(timelines.of_used_links().empty());
  timelines.add(Path{700}, {1}, {0}, {1});
  timelines.add(Path{7}, {1}, {0}, {1});
  const auto used = timelines.of_used_links();
  ASSERT_EQ(used.size(), 2U);
  EXPECT_EQ(used[0].link, 7);
  EXPECT_EQ(used[1].link, 700) << "in the order of links, not of use";
}

// 1 byte in each of the first 64 seconds: bins of a second. Then one until 1000 s: of 16 s.
TEST(LinkTimelines, WiderBinsHoldWhatTheNarrowOnesHeld) {
  LinkTimelines timelines(1);
  for (int second = 0; second < 64; ++second)
    timelines.add(Path{0}, {1}, {second + 0.25}, {second + 0.5});
  EXPECT_EQ(timelines.bin(), Seconds{1});
  const LinkTimeline narrow = timelines.of_used_links()[0];
  for (const Bytes bytes : narrow.bytes) EXPECT_EQ(bytes, Bytes{1});
  timelines.add(Path{0}, {100}, {999}, {1000});
  EXPECT_EQ(timelines.bin(), Seconds{16});
  LinkTimeline expected{0, {Bytes{16}, Bytes{16}, Bytes{16}, Bytes{16}}};
  expected.bytes[62] = {100};  // 999 / 16 = 62.4, 1000 / 16 = 62.5
  EXPECT_EQ(timelines.of_used_links()[0], expected);
}

// Whatever flows there are: the bins of a link add up to what it carried, and none is negative.
TEST(Links, BinsAddUpToWhatWasCarried) {
  RandomStream random(11, "flows");
  Links links(bare_links(4), 4);
  double now = 0;
  for (int i = 0; i < 2'000; ++i) {
    const Path path{static_cast<LinkId>(random.below(2)), static_cast<LinkId>(2 + random.below(2))};
    now += random.exponential() * (i < 1'000 ? 1e-3 : 1);
    const Seconds start{now * (random.below(2) == 0 ? 1 : 0.7)};
    const Bytes size{static_cast<std::int64_t>(random.below(1'000'000'007))};
    links.flow_started({path, 0, start});
    links.flow_ended({path, 0, start}, size, {now});
  }
  const NetworkUse use = links.use({now});
  ASSERT_EQ(use.timelines.size(), 4U);
  for (const LinkTimeline& timeline : use.timelines) {
    EXPECT_EQ(sum(timeline), use.links[static_cast<std::size_t>(timeline.link)].carried);
    for (const Bytes bytes : timeline.bytes) EXPECT_GE(bytes, Bytes{0});
  }
}

// GPUs 0 to 3 send over link g each; link 4 leads into a NIC, link 5 from there to its GPU.
topologies::Topology one_receiver() {
  topologies::Topology topology = bare_links(6);
  for (int gpu = 0; gpu < 4; ++gpu) {
    topology.vertices.push_back({"gpu" + std::to_string(gpu), VertexKind::gpu});
    topology.links[static_cast<std::size_t>(gpu)].to = 4;
  }
  topology.vertices.push_back({"switch", VertexKind::fabric_switch});
  topology.vertices.push_back({"nic", VertexKind::nic});
  topology.vertices.push_back({"receiver", VertexKind::gpu});
  topology.links[4].from = 4;
  topology.links[4].to = 5;
  topology.links[5].from = 5;
  topology.links[5].to = 6;
  return topology;
}

class Incast : public ::testing::Test {
 protected:
  void start(GpuId gpu, double now) { links_.flow_started({path(gpu), gpu, {now}}); }
  void end(GpuId gpu, double now) { links_.flow_ended({path(gpu), gpu, {0}}, {1}, {now}); }
  IncastUse use(double now) const { return links_.use({now}).incast; }

 private:
  static Path path(GpuId gpu) { return {gpu, 4, 5}; }
  Links links_{one_receiver(), 3};
};

TEST_F(Incast, IsCountedOncePerRise) {
  start(0, 0);
  start(1, 0);
  EXPECT_EQ(use(1), (IncastUse{0, {0}}));
  start(2, 1);
  start(3, 2);
  EXPECT_EQ(use(3), (IncastUse{1, {2}})) << "four are no second rise; 3 - 1 s so far";
  end(0, 4);
  EXPECT_EQ(use(5), (IncastUse{1, {4}})) << "three are still many";
  end(1, 6);
  EXPECT_EQ(use(9), (IncastUse{1, {5}})) << "6 - 1";
  start(1, 10);
  end(2, 12);
  EXPECT_EQ(use(20), (IncastUse{2, {5 + 2}})) << "12 - 10 more";
}

TEST_F(Incast, NeedsDifferentSenders) {
  for (int i = 0; i < 5; ++i) start(0, 0);
  start(1, 0);
  EXPECT_EQ(use(1).events, 0);
  start(2, 1);
  for (int i = 0; i < 4; ++i) end(0, 2);
  EXPECT_EQ(use(3), (IncastUse{1, {2}})) << "one flow of each is left";
  end(0, 4);
  EXPECT_EQ(use(5), (IncastUse{1, {3}}));
}

// Three senders with a receiver each: GPU 2 is the end of two paths, of one flow each.
TEST(IncastWatch, WithoutVerticesTheLastLinkIsTheReceiver) {
  IncastWatch watch(bare_links(4), 2);
  watch.flow_started(Path{0, 2}, 0, {0});
  watch.flow_started(Path{0, 3}, 1, {0});
  EXPECT_EQ(watch.use({1}).events, 0) << "a shared first link is no receiver";
  watch.flow_started(Path{1, 3}, 2, {1});
  EXPECT_EQ(watch.use({2}), (IncastUse{1, {1}}));
}

TEST(IncastWatch, PathsInsideANodeReachNoNic) {
  topologies::Topology inside = one_receiver();
  inside.vertices[4].kind = VertexKind::node_switch;
  inside.vertices[5].kind = VertexKind::node_switch;
  IncastWatch watch(inside, 2);
  for (GpuId gpu = 0; gpu < 4; ++gpu) watch.flow_started(Path{gpu, 4, 5}, gpu, {0});
  for (GpuId gpu = 0; gpu < 4; ++gpu) watch.flow_ended(Path{gpu, 4, 5}, gpu, {1});
  EXPECT_EQ(watch.use({2}), IncastUse{});
}

}  // namespace
}  // namespace kvferry::sim
