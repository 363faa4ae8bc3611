#include "analysis/network_figures.hpp"

#include "analysis/result_json.hpp"
#include "tests/analysis/collected.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace kvferry::analysis {
namespace {

// Three links of 100 B/s over 10 s: the first half used and shared for 2 s, the second used for a
// quarter and shared for 3 s, the third hardly used.
NetworkUse three_links() {
  NetworkUse use;
  use.links = {{{500}, {6}, {2}, 3}, {{250}, {4}, {3}, 2}, {{10}, {1}, {0}, 1}};
  use.timelines = {{0, {Bytes{400}, Bytes{0}, Bytes{100}}}, {1, {Bytes{250}}}, {2, {Bytes{10}}}};
  use.bin = {4};
  use.incast = {7, {1.5}};
  return use;
}

const std::vector<LinkCapacity> kLinks{{"a", {100}}, {"b", {100}}, {"c", {100}}};

TEST(NetworkFigures, ContendedLinksAreThoseSharedLongest) {
  const NetworkFigures figures = network_figures(three_links(), kLinks, {{10}, {10}});
  ASSERT_EQ(figures.contended_links.size(), 2U) << "the third was never shared";
  EXPECT_EQ(figures.contended_links[0].name, "b");
  EXPECT_DOUBLE_EQ(figures.contended_links[0].utilization, 0.25);
  EXPECT_EQ(figures.contended_links[0].busy, Seconds{4});
  EXPECT_EQ(figures.contended_links[0].shared, Seconds{3});
  EXPECT_EQ(figures.contended_links[0].peak_flows, 2);
  EXPECT_EQ(figures.contended_links[1].name, "a");
  EXPECT_EQ(figures.incast, (IncastUse{7, {1.5}}));
}

// Bins of 4 s, the last of which is cut at 10 s: 400 / (100 * 4), 0 and 100 / (100 * 2).
TEST(NetworkFigures, TimelinesAreSharesOfTheCapacityUntilTheEnd) {
  const NetworkFigures figures = network_figures(three_links(), kLinks, {{10}, {10}});
  EXPECT_EQ(figures.bin, Seconds{4});
  ASSERT_EQ(figures.timeline.size(), 2U) << "one link was used for 1 % only";
  EXPECT_EQ(figures.timeline[0].name, "a");
  EXPECT_EQ(figures.timeline[0].shares, (std::vector{1.0, 0.0, 0.5}));
  EXPECT_EQ(figures.timeline[1].shares, (std::vector{0.625, 0.0, 0.0}));
}

TEST(NetworkFigures, ManyLinksLeaveASmallSummary) {
  NetworkUse use;
  std::vector<LinkCapacity> links;
  use.bin = {1};
  for (int i = 0; i < 1000; ++i) {
    links.push_back({"link" + std::to_string(i), {100}});
    use.links.push_back({{i}, {1}, {i / 1000.0}, 2});
    use.timelines.push_back({i, {Bytes{i}}});
  }
  const NetworkFigures figures = network_figures(use, links, {{1}, {1}});
  ASSERT_EQ(figures.contended_links.size(), 10U);
  EXPECT_EQ(figures.contended_links.front().name, "link999");
  EXPECT_EQ(figures.contended_links.back().name, "link990");
  ASSERT_EQ(figures.timeline.size(), 16U);
  EXPECT_EQ(figures.timeline.back().name, "link984");
}

TEST(NetworkFigures, AreNoneWhereNothingArrived) {
  const NetworkFigures figures = network_figures(three_links(), kLinks, {{0}, {0}});
  EXPECT_TRUE(figures.contended_links.empty());
  EXPECT_TRUE(figures.timeline.empty());
}

// Prefill from 1 s to 5 s.
RequestRecord handed_off(double transfer_start, double kv_ready) {
  RequestRecord r;
  r.output_tokens = 1;
  r.prefill_start = {1};
  r.prefill_end = {5};
  r.transfer_start = {transfer_start};
  r.kv_ready = {kv_ready};
  r.first_token = r.finish = {std::max(kv_ready, 5.0)};
  r.kv_raw = r.kv_wire = {1};
  r.outcome = Outcome::finished;
  return r;
}

SimulationResult result_of(const std::vector<RequestRecord>& records) {
  SimulationResult result;
  result.records = records;
  result.network = three_links();
  result.totals.end = {10};
  return result;
}

TEST(NetworkFigures, HiddenIsWhatRanWhilePrefillComputed) {
  const auto stages_of = [](double transfer_start, double kv_ready) {
    RunContext context;
    context.links = kLinks;
    return summarize(result_of({handed_off(transfer_start, kv_ready)}), context).stages;
  };
  // max(0, min(kv ready, prefill end) - transfer start), in milliseconds
  EXPECT_DOUBLE_EQ(stages_of(2, 8).hidden_transfer->mean, 3000) << "min(8, 5) - 2";
  EXPECT_DOUBLE_EQ(stages_of(2, 8).exposed_transfer->mean, 3000) << "8 - 5";
  EXPECT_DOUBLE_EQ(stages_of(2, 8).transfer->mean, 6000) << "their sum";
  EXPECT_DOUBLE_EQ(stages_of(2, 8).admission_wait->mean, 0);
  EXPECT_DOUBLE_EQ(stages_of(6, 8).hidden_transfer->mean, 0) << "all of it came after prefill";
  EXPECT_DOUBLE_EQ(stages_of(6, 8).exposed_transfer->mean, 3000) << "8 - 5, the wait included";
  EXPECT_DOUBLE_EQ(stages_of(6, 8).admission_wait->mean, 1000);
  EXPECT_DOUBLE_EQ(stages_of(2, 4).hidden_transfer->mean, 2000) << "min(4, 5) - 2";
}

TEST(NetworkFigures, AreInTheSummaryUnderTheirNames) {
  RunContext context;
  context.links = kLinks;
  const auto json = to_json(summarize(result_of({handed_off(2, 8)}), context))["network"];
  EXPECT_EQ(json["contended_links"][0]["name"], "b");
  EXPECT_EQ(json["contended_links"][0]["utilization"], 0.25);
  EXPECT_EQ(json["contended_links"][0]["shared_s"], 3);
  EXPECT_EQ(json["contended_links"][0]["busy_s"], 4);
  EXPECT_EQ(json["contended_links"][0]["peak_flows"], 2);
  EXPECT_EQ(json["incast"]["events"], 7);
  EXPECT_EQ(json["incast"]["seconds"], 1.5);
  EXPECT_EQ(json["timeline"]["bin_s"], 4);
  EXPECT_EQ(json["timeline"]["links"]["a"], (nlohmann::ordered_json{1.0, 0.0, 0.5}));
  EXPECT_EQ(json["transfer_hidden_ms"]["mean"], 3000);
}

}  // namespace
}  // namespace kvferry::analysis
