// The keys of `network` that say how flows are simulated.
#include "sim/network_backend.hpp"
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::scenarios {
namespace {

TEST(FlowKeys, ByDefaultHashPathsAndLoseNothing) {
  const sim::NetworkConfig network = load(kValid).system.network;
  EXPECT_EQ(network.backend, sim::NetworkBackend::automatic);
  EXPECT_EQ(network.paths, sim::PathPolicy::ecmp);
  EXPECT_FALSE(network.incast_loss);
}

TEST(FlowKeys, SetTheNetwork) {
  const sim::NetworkConfig network = load(kValid, {{"network.backend=comm"},
                                                   {"network.paths=adaptive"},
                                                   {"network.incast={senders: 3, flows: 8, efficiency: 0.6}"}})
                                         .system.network;
  EXPECT_EQ(network.backend, sim::NetworkBackend::comm);
  EXPECT_EQ(network.paths, sim::PathPolicy::adaptive);
  ASSERT_TRUE(network.incast_loss);
  EXPECT_EQ(network.incast_flows, 3);
  EXPECT_EQ(network.incast_loss->flows, 8);
  EXPECT_EQ(network.incast_loss->efficiency, 0.6);
}

TEST(FlowKeys, DirectMustHaveBeenBuilt) {
  const std::string error = error_of_override("network.backend=direct");
  if (sim::is_built(sim::NetworkBackend::direct)) {
    EXPECT_EQ(error, "no error");
  } else {
    EXPECT_THAT(error, testing::HasSubstr("allowed: auto, comm"));
  }
}

TEST(FlowKeys, RefuseWhatIsNoBackEndNorPolicy) {
  EXPECT_THAT(error_of_override("network.backend=comms"),
              testing::HasSubstr("unknown back-end 'comms' (did you mean 'comm'?)"));
  EXPECT_THAT(error_of_override("network.paths=random"),
              testing::HasSubstr("unknown path policy 'random'"));
}

TEST(FlowKeys, IncastNeedsBothItsKeysAndANic) {
  EXPECT_THAT(error_of_override("network.incast={flows: 8}"), testing::HasSubstr("efficiency"));
  EXPECT_THAT(error_of_override("network.incast={flows: 0, efficiency: 0.5}"),
              testing::HasSubstr("network.incast.flows"));
  EXPECT_THAT(error_of_override("network.incast={flows: 8, efficiency: 0}"),
              testing::HasSubstr("network.incast.efficiency"));
  EXPECT_THAT(error_of_override("network={topology: point-to-point, link_bandwidth: 1 GB/s, "
                                "incast: {flows: 8, efficiency: 0.5}}"),
              testing::HasSubstr("leads into no NIC"));
}

}  // namespace
}  // namespace kvferry::scenarios
