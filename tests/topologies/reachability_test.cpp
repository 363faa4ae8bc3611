#include "topologies/reachability.hpp"

#include "topologies/explicit_list.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace kvferry::topologies {
namespace {

using Pair = std::optional<std::pair<GpuId, GpuId>>;

// GPUs 0 to 3, two switches.
struct Network {
  ExplicitSpec spec{1,
                    {{"0", VertexKind::gpu},
                     {"1", VertexKind::gpu},
                     {"2", VertexKind::gpu},
                     {"3", VertexKind::gpu},
                     {"s", VertexKind::fabric_switch},
                     {"t", VertexKind::fabric_switch}},
                    {}};

  Network& link(VertexId from, VertexId to) {
    spec.links.push_back({std::to_string(spec.links.size()), {1e9}, {0}, from, to});
    return *this;
  }
  Network& cable(VertexId a, VertexId b) { return link(a, b).link(b, a); }
  Pair unreachable() const {
    constexpr std::array<GpuId, 2> kSources{0, 1};
    constexpr std::array<GpuId, 2> kTargets{2, 3};
    return unreachable_pair(explicit_list(spec), kSources, kTargets);
  }
};

TEST(Reachability, OneSwitchJoinsAll) {
  EXPECT_EQ(Network().cable(0, 4).cable(1, 4).cable(2, 4).cable(3, 4).unreachable(), std::nullopt);
}

TEST(Reachability, TwoIslandsAreFound) {
  EXPECT_EQ(Network().cable(0, 4).cable(1, 5).cable(2, 4).cable(3, 4).unreachable(), Pair({1, 2}));
  EXPECT_EQ(Network().cable(0, 4).cable(1, 4).cable(2, 4).cable(3, 5).unreachable(), Pair({0, 3}));
  EXPECT_EQ(Network().unreachable(), Pair({0, 2}));
}

TEST(Reachability, OnlyTheWayFromSourceToTargetMatters) {
  EXPECT_EQ(Network().link(0, 4).link(1, 4).link(4, 2).link(4, 3).unreachable(), std::nullopt);
  EXPECT_EQ(Network().link(0, 4).link(4, 1).link(4, 2).link(4, 3).unreachable(), Pair({1, 2}));
}

// Two planes, and no vertex that all have in common.
TEST(Reachability, WithoutACommonVertexEverySourceIsFollowed) {
  Network planes;
  planes.cable(0, 4).cable(1, 5).cable(2, 4).cable(2, 5).cable(3, 4);
  EXPECT_EQ(planes.unreachable(), Pair({1, 3}));
  EXPECT_EQ(planes.cable(3, 5).unreachable(), std::nullopt);
}

TEST(Reachability, NothingPassesThroughAGpu) {
  EXPECT_EQ(Network().cable(0, 4).cable(1, 4).cable(2, 4).cable(2, 3).unreachable(), Pair({0, 3}));
}

}  // namespace
}  // namespace kvferry::topologies
