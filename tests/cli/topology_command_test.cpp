// kvferry topology show: pictures and tables of networks.
#include "tests/cli/run_program.hpp"
#include "tests/platform_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace kvferry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kSmoke = KVFERRY_TEST_FILES "/golden/smoke.yaml";

std::string network(const std::string& keys) {
  return " --set 'network={link_bandwidth: 25 Gbit/s, " + keys + "}' ";
}

std::size_t lines_with(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

TEST(TopologyShow, DrawsNodesSwitchesAndCapacities) {
  const auto result = run_kvferry(
      "topology show" +
      network("topology: leaf-spine, nodes_per_leaf: 1, spines: 2, gpus_per_node: 2") + kSmoke);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(result.out,
              AllOf(StartsWith("digraph network {\n"), HasSubstr("label=\"node 0: prefill\""),
                    HasSubstr("label=\"gpu0\\nprefill 0\""), HasSubstr("label=\"spine1\""),
                    HasSubstr("label=\"25 Gbit/s\", dir=none")));
  EXPECT_EQ(std::ranges::count(result.out, '{'), std::ranges::count(result.out, '}'));
}

TEST(TopologyShow, AbbreviatesLargeNetworksAndSaysSo) {
  const std::string large = "topology show --set prefill.instances=64 --set decode.instances=32" +
                            network("topology: fat-tree") + kSmoke;
  const auto some = run_kvferry(large);
  ASSERT_EQ(some.status, 0) << some.err;
  EXPECT_THAT(some.err, HasSubstr("vertices are drawn as"));
  EXPECT_THAT(some.out, AllOf(HasSubstr("7 more prefill nodes\\nof 8 GPUs"),
                              HasSubstr("16 more: core0 ..."), Not(HasSubstr("\"gpu8\\n"))));
  const auto all = run_kvferry(large + " --all");
  EXPECT_THAT(all.err, IsEmpty());
  EXPECT_THAT(all.out, AllOf(HasSubstr("\"gpu127\\ndecode 31\""), Not(HasSubstr(" more "))));
}

TEST(TopologyShow, ShowsHowBusyTheLinksOfARunWere) {
  const TemporaryFolder folder;
  const std::string results = (folder.path() / "results").string();
  const std::string star = network("topology: star, gpus_per_node: 2");
  ASSERT_EQ(run_kvferry("run -q -o " + results + star + kSmoke).status, 0);
  const auto table =
      run_kvferry("topology show --format table --result " + results + star + kSmoke);
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out,
              AllOf(StartsWith("link "), HasSubstr("utilisation"), HasSubstr("nvlink0-out  gpu0")));
  EXPECT_GT(lines_with(table.out, " 0.0 %"), 0U) << "links that carried nothing";
  const auto picture = run_kvferry("topology show --result " + results + star + kSmoke);
  EXPECT_THAT(picture.out, AllOf(HasSubstr(" % / "), HasSubstr("penwidth=")));

  const auto wrong = run_kvferry("topology show --result " + results +
                                 network("topology: point-to-point") + kSmoke);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("that this network does not have"));
  const auto none = run_kvferry("topology show --result /nowhere " + kSmoke);
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err,
              StartsWith("/nowhere/summary.json: error: cannot be read: expected the folder"));
}

TEST(TopologyShow, WritesAFileAndReplacesNone) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "network.dot").string();
  const auto first = run_kvferry("topology show -o " + file + " " + kSmoke);
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, IsEmpty());
  EXPECT_THAT(read_text(file), StartsWith("digraph network {\n"));
  EXPECT_EQ(run_kvferry("topology show -o " + file + " " + kSmoke).status, 2);
  EXPECT_EQ(run_kvferry("topology show --force -o " + file + " " + kSmoke).status, 0);
}

// Every topology has a picture, and a run ends in it.
TEST(TopologyShow, KnowsAllTopologies) {
  for (const std::string keys :
       {"topology: two-tier, oversubscription: 2", "topology: point-to-point", "topology: star",
        "topology: leaf-spine, nodes_per_leaf: 1, spines: 2", "topology: fat-tree",
        "topology: rail-optimised, pxn: true", "topology: torus, dimensions: 2x2",
        "topology: dragonfly, groups: 3, routers_per_group: 2, nics_per_router: 4"}) {
    const auto drawn = run_kvferry("topology show" + network(keys) + kSmoke);
    EXPECT_EQ(drawn.status, 0) << keys << drawn.err;
    EXPECT_THAT(drawn.out, HasSubstr("25 Gbit/s")) << keys;
    const auto run = run_kvferry("run -q" + network(keys) + kSmoke);
    EXPECT_EQ(run.status, 0) << keys << run.err;
  }
}

// Relative to the scenario's folder, wherever the program runs.
TEST(TopologyShow, DrawsWhatTheRoutesOfASimGridPlatformShow) {
  const TemporaryFolder folder;
  write_text(folder.path() / "platform.xml", kDumbbell);
  std::string scenario = read_text(kSmoke);
  const std::size_t at = scenario.find("network:");
  scenario.replace(at, scenario.find('\n', at) - at,
                   "network: {topology: simgrid-xml, path: platform.xml}");
  const std::string file = (folder.path() / "s.yaml").string();
  write_text(file, scenario);
  const auto drawn = run_kvferry("topology show --set decode.tensor_parallel=1 " + file);
  ASSERT_EQ(drawn.status, 0) << drawn.err;
  EXPECT_THAT(drawn.out, AllOf(HasSubstr("simgrid-xml: 4 of the 4 hosts of platform.xml"),
                               HasSubstr("label=\"south\\nprefill 1\""),
                               HasSubstr("v4 -> v5 [label=\"8 Gbit/s\"]")));
  const auto table =
      run_kvferry("topology show --format table --set decode.tensor_parallel=1 " + file);
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("core    joint0  joint1   8 Gbit/s"));
}

}  // namespace
}  // namespace kvferry
