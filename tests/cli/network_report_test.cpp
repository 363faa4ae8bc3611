// What a user is told of the network: in the table only what stands out, in the summary the rest.
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kvferry {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kScenario = " -q " KVFERRY_TEST_FILES "/../scenarios/network-aware.yaml";

TEST(NetworkReport, TheTableNamesBusyLinksOnly) {
  const std::string fast =
      " --set network.oversubscription=1 --set 'network.link_bandwidth=1 Tbit/s'";
  const auto busy = run_kvferry("run" + kScenario);
  ASSERT_EQ(busy.status, 0) << busy.err;
  EXPECT_THAT(busy.out, HasSubstr("busiest links of network-aware: node8-down 65 %, node9-down 6"));
  EXPECT_THAT(run_kvferry("run" + kScenario + fast).out, Not(HasSubstr("busiest links")));
}

TEST(NetworkReport, TheTableHasTheHiddenPartWhereAnythingIsHidden) {
  const std::string layerwise = " --set transfer.overlap=layerwise";
  EXPECT_THAT(run_kvferry("run" + kScenario).out, Not(HasSubstr("during prefill")));
  EXPECT_THAT(run_kvferry("run" + kScenario + layerwise).out, HasSubstr("during prefill"));
  const json summary = json::parse(run_kvferry("run --format json" + kScenario + layerwise).out);
  const double hidden = summary["network"]["transfer_hidden_ms"]["mean"];
  const double exposed = summary["exposed_transfer_ms"]["mean"];
  EXPECT_GT(hidden, 0);
  EXPECT_NEAR(hidden + exposed, summary["transfer_ms"]["mean"].get<double>(), 1e-6)
      << "nobody waits for room here";
}

TEST(NetworkReport, TheSummaryFollowsTheLinksOverTime) {
  const json summary = json::parse(run_kvferry("run --format json" + kScenario).out);
  const json& network = summary["network"];
  EXPECT_THAT(std::string(network["contended_links"][0]["name"]), HasSubstr("-down"));
  EXPECT_EQ(network["contended_links"].size(), 10U);
  EXPECT_LE(network["timeline"]["links"].size(), 16U);
  // Mean share over the bins = bytes / (capacity * time) = utilisation, but for the time before the
  // first arrival (none here) and the end of the run, when only answers are left.
  const double bin_s = network["timeline"]["bin_s"];
  const json& shares = network["timeline"]["links"]["node9-down"];
  double share_s = 0;
  for (std::size_t i = 0; i + 1 < shares.size(); ++i) share_s += bin_s * shares[i].get<double>();
  const double length_s = summary["duration_s"];
  const double utilization = summary["utilization"]["links"]["node9-down"];
  EXPECT_NEAR(share_s / length_s / utilization, 1, 0.02);
}

TEST(NetworkReport, ThePolicyIsListedForTheDecodeSideOnly) {
  const std::string list = run_kvferry("list policies").out;
  const auto line = list.substr(list.find("network-aware"));
  EXPECT_THAT(line.substr(0, line.find('\n')),
              AllOf(HasSubstr("router.decode"), Not(HasSubstr("router.prefill"))));
}

TEST(NetworkReport, WhatCountsAsIncastIsTheUsersToSay) {
  const auto events = [](const std::string& flows) {
    const json summary =
        json::parse(run_kvferry("run --format json --set router.decode=least-loaded --set "
                                "network.incast.senders=" +
                                flows + kScenario)
                        .out);
    return summary["network"]["incast"]["events"].get<std::int64_t>();
  };
  EXPECT_GT(events("2"), events("4"));
  EXPECT_GT(events("4"), 0);
  EXPECT_EQ(events("33"), 0) << "there are 32 senders";
}

}  // namespace
}  // namespace kvferry
