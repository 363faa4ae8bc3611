// Which path a shipment takes, and what the account of the links says of it.
#include "sim/transport.hpp"

#include "tests/sim/every_back_end.hpp"
#include "tests/sim/flow_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;
using topologies::Topology;

constexpr LinkId kSpines = 8;

// Two GPUs behind kSpines spines of 1 GB/s: path i is link 2 i up to spine i, and link 2 i + 1 down.
Topology two_leaves() {
  Topology topology = linked_gpus(4, std::vector<double>(2 * kSpines, 1e9),
                                  [](GpuId, GpuId) { return std::vector<LinkId>{}; });
  topology.path_count = [](GpuId, GpuId) { return kSpines; };
  topology.append_path = [](GpuId, GpuId, std::int32_t choice, std::vector<LinkId>& path) {
    path.insert(path.end(), {2 * choice, 2 * choice + 1});
  };
  return topology;
}

class Shipping : public EveryBackEnd {
 protected:
  struct Setting {
    Topology topology = two_leaves();
    SimGridEngine engine{topology, GetParam()};
    Transport transport;
    explicit Setting(PathPolicy policy)
        : transport(engine.loop(), engine.network(), topology, policy) {}

    void at(double when_s, std::function<void()> action) {
      engine.loop().at({when_s}, EventPriority::iteration_end, std::move(action));
    }
    std::optional<FlowHandle> send(std::uint64_t salt, std::int64_t bytes = kGB) {
      return transport.send({0, 1, {bytes}, salt},
                            [this](const FlowReport& report) { reports.push_back(report); });
    }
    std::int32_t flows_on(LinkId spine) const { return transport.links()[2 * spine].flows; }
    std::vector<std::int32_t> flows_by_spine() const {
      std::vector<std::int32_t> flows;
      for (LinkId spine = 0; spine < kSpines; ++spine) flows.push_back(flows_on(spine));
      return flows;
    }
    std::vector<FlowReport> reports;
  };
};
KVFERRY_ON_EVERY_BACK_END(Shipping);

// Of 800 salts on 8 spines 100 each, give or take: four deviations are 4 sqrt(800 / 8 * 7 / 8) = 37.
TEST_P(Shipping, EcmpSpreadsSaltsOverAllPaths) {
  Setting setting(PathPolicy::ecmp);
  constexpr int kShipments = 800;
  setting.at(0, [&] {
    for (std::uint64_t salt = 0; salt < kShipments; ++salt) setting.send(salt);
    for (const std::int32_t flows : setting.flows_by_spine())
      EXPECT_NEAR(flows, kShipments / kSpines, 37);
  });
  setting.engine.run();
  EXPECT_EQ(setting.reports.size(), static_cast<std::size_t>(kShipments));
}

TEST_P(Shipping, EcmpKeepsASaltOnItsPathWhateverTheLoad) {
  Setting setting(PathPolicy::ecmp);
  setting.at(0, [&] {
    for (int i = 0; i < 5; ++i) setting.send(7);
    std::vector<std::int32_t> flows = setting.flows_by_spine();
    std::ranges::sort(flows);
    EXPECT_EQ(flows, (std::vector<std::int32_t>{0, 0, 0, 0, 0, 0, 0, 5}));
  });
  setting.engine.run();
}

// One more flow gets most where there is none yet: eight flows take eight spines.
TEST_P(Shipping, AdaptiveTakesTheEmptiestPath) {
  Setting setting(PathPolicy::adaptive);
  setting.at(0, [&] {
    for (int i = 0; i < kSpines; ++i) setting.send(7);
    EXPECT_EQ(setting.flows_by_spine(), std::vector<std::int32_t>(kSpines, 1));
  });
  setting.engine.run();
}

// One more flow would get 1 / 2 GB/s where one flow is, and 0.4 GB/s on the empty link: it joins.
TEST_P(Shipping, AdaptiveWeighsCapacityAgainstLoad) {
  Setting setting(PathPolicy::adaptive);
  setting.at(0, [&] {
    for (LinkId spine = 1; spine < kSpines; ++spine)
      setting.transport.set_capacity(2 * spine, {0.4e9});
    setting.send(1);
    setting.send(2);
    EXPECT_EQ(setting.flows_on(0), 2);
  });
  setting.engine.run();
}

TEST_P(Shipping, APathThatIsDownIsAvoidedAndTakenAgainWhenItIsUp) {
  Setting setting(PathPolicy::ecmp);
  LinkId usual = -1;
  setting.at(0, [&] {
    setting.send(7);
    const std::vector<std::int32_t> flows = setting.flows_by_spine();
    usual = static_cast<LinkId>(std::ranges::find(flows, 1) - flows.begin());
    setting.transport.set_up(2 * usual + 1, false);
    setting.send(7);
  });
  setting.at(0.5, [&] {
    EXPECT_EQ(setting.flows_on(usual), 0) << "the first was broken, the second went elsewhere";
    const std::vector<std::int32_t> flows = setting.flows_by_spine();
    EXPECT_EQ(std::accumulate(flows.begin(), flows.end(), 0), 1);
    setting.transport.set_up(2 * usual + 1, true);
    setting.send(7);
    EXPECT_EQ(setting.flows_on(usual), 1);
  });
  setting.engine.run();
  ASSERT_EQ(setting.reports.size(), 3U);
  EXPECT_FALSE(setting.reports[0].delivered);
  EXPECT_TRUE(setting.reports[1].delivered);
  EXPECT_TRUE(setting.reports[2].delivered);
}

TEST_P(Shipping, SendsNothingWhenNoPathIsUp) {
  Setting setting(PathPolicy::adaptive);
  setting.at(0, [&] {
    for (LinkId spine = 0; spine < kSpines; ++spine) setting.transport.set_up(2 * spine, false);
    EXPECT_EQ(setting.send(7), std::nullopt);
    EXPECT_EQ(setting.transport.expected_rate(0, 1, 7).value, 0);
    setting.transport.set_up(6, true);
    EXPECT_NE(setting.send(7), std::nullopt);
    EXPECT_EQ(setting.flows_on(3), 1);
  });
  setting.engine.run();
  EXPECT_EQ(setting.reports.size(), 1U);
}

// On paths of their own: delivered 1 GB and 0.5 GB, cancelled at 0.25 s after 0.25 GB. Alone on its path,
// too, and broken at 0.25 s: 0.25 GB. The links up carry 2 GB together, and so do the links down.
TEST_P(Shipping, TheAccountHoldsEveryByteThatWasSent) {
  Setting setting(PathPolicy::adaptive);
  setting.at(0, [&] {
    setting.send(0);
    setting.send(0, kGB / 2);
    const std::vector<std::int32_t> before = setting.flows_by_spine();
    setting.send(0);
    const std::vector<std::int32_t> after = setting.flows_by_spine();
    const auto of_third =
        static_cast<LinkId>(std::ranges::mismatch(before, after).in1 - before.begin());
    setting.at(0.25, [&, of_third] { setting.transport.set_up(2 * of_third, false); });
    const std::optional<FlowHandle> cancelled = setting.send(0);
    ASSERT_TRUE(cancelled);
    setting.at(0.25, [&, cancelled] { setting.transport.cancel(*cancelled); });
  });
  setting.engine.run();
  std::int64_t up = 0;
  std::int64_t down = 0;
  const NetworkUse use = setting.transport.links().use(setting.engine.loop().now());
  for (std::size_t i = 0; i < use.links.size(); i += 2) {
    up += use.links[i].carried.value;
    down += use.links[i + 1].carried.value;
  }
  EXPECT_NEAR(static_cast<double>(up), 2e9, 4);
  EXPECT_EQ(up, down);
  EXPECT_EQ(setting.transport.flows(), 4);
}

}  // namespace
}  // namespace kvferry::sim
