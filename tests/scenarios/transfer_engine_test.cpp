#include "scenarios/catalog.hpp"
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <utility>

namespace kvferry::scenarios {
namespace {

using sim::FigureOrigin;
using sim::TransferEngine;

TransferEngine engine_of(const std::string& value) {
  return load_scenario_text(kValid, "s.yaml", {{"transfer.engine=" + value}})
      .system.transfer.engine;
}

FigureOrigin origin_of(const TransferEngine& engine, const std::string& figure) {
  for (const sim::FigureSource& source : engine.figures) {
    if (source.figure == figure) return source.origin;
  }
  ADD_FAILURE() << engine.name << " says nothing of " << figure;
  return FigureOrigin::assumed;
}

// The figures that differ from an engine that adds nothing.
std::set<std::string> stated_figures(const TransferEngine& engine) {
  std::set<std::string> figures{"efficiency", "start", "per_descriptor", "blend"};
  if (engine.rate) figures.insert("rate");
  if (engine.small) figures.insert("small");
  if (engine.packing) figures.insert("packing");
  if (engine.in_flight) figures.insert("in_flight");
  if (engine.serial_per_descriptor > Seconds{0}) figures.insert("serial_per_descriptor");
  if (engine.connection_setup > Seconds{0}) figures.insert("connection_setup");
  if (engine.overhead > Seconds{0}) figures.insert("overhead");
  return figures;
}

TEST(TransferEngines, EveryFigureOfThePresetsSaysWhereItComesFrom) {
  for (const TransferEngine& engine : known_transfer_engines()) {
    if (engine.name == "ideal") continue;
    std::multiset<std::string> sourced;
    for (const sim::FigureSource& figure : engine.figures) {
      sourced.insert(figure.figure);
      EXPECT_NE(figure.origin, FigureOrigin::scenario);
      if (figure.origin == FigureOrigin::measured && figure.source.find('.') == std::string::npos) {
        EXPECT_THAT(figure.source,
                    testing::AnyOf(testing::HasSubstr("the same"), testing::HasSubstr("likewise"),
                                   testing::HasSubstr("as for ")))
            << engine.name << ": neither a link nor a reference to one";
      }
    }
    const std::set<std::string> stated = stated_figures(engine);
    EXPECT_EQ(sourced, std::multiset<std::string>(stated.begin(), stated.end())) << engine.name;
  }
}

TEST(TransferEngines, ThePresetsAreWithinBounds) {
  std::set<std::string> names;
  for (const TransferEngine& engine : known_transfer_engines()) {
    EXPECT_TRUE(names.insert(engine.name).second) << engine.name;
    EXPECT_GT(engine.efficiency, 0) << engine.name;
    EXPECT_LE(engine.efficiency, 1) << engine.name;
    EXPECT_GE(engine.blend, 1) << engine.name;
  }
  EXPECT_EQ(names.size(), 27U);
}

TEST(TransferEngines, TheDefaultIsIdealAndAddsNothing) {
  const auto scenario = load_scenario_text(kValid, "s.yaml", {});
  const TransferEngine& engine = scenario.system.transfer.engine;
  EXPECT_EQ(engine.name, "ideal");
  EXPECT_EQ(engine.efficiency, 1);
  EXPECT_EQ(engine.start, Seconds{0});
  EXPECT_EQ(engine.per_descriptor, Seconds{0});
  EXPECT_TRUE(std::isinf(engine.blend));
  EXPECT_EQ(scenario.system.transfer.pages.layout, sim::PageLayout::heads_first);
  EXPECT_EQ(scenario.system.transfer.pages.coalesce, 1);
}

TEST(TransferEngines, APresetIsTakenByItsName) {
  const TransferEngine engine = engine_of("moriio-thor2-write");
  EXPECT_EQ(engine.efficiency, 0.9534);
  EXPECT_EQ(engine.start, Seconds{11.1e-6});
  EXPECT_EQ(engine.per_descriptor, Seconds{0.196e-6});
  EXPECT_EQ(engine.blend, 1.25);
  EXPECT_EQ(engine.origin, sim::SpecOrigin::catalog);
  EXPECT_EQ(origin_of(engine, "start"), FigureOrigin::measured);
}

TEST(TransferEngines, AChangedPresetSaysWhatChanged) {
  const TransferEngine engine =
      engine_of("{base: nixl-ucx-rdma-write, per_descriptor: 0.9 us, connection_setup: 0 s}");
  EXPECT_DOUBLE_EQ(engine.per_descriptor.value, 0.9e-6);
  EXPECT_EQ(engine.connection_setup, Seconds{0});
  EXPECT_EQ(engine.efficiency, 0.98);
  EXPECT_TRUE(std::isinf(engine.blend));
  EXPECT_EQ(engine.origin, sim::SpecOrigin::scenario);
  EXPECT_EQ(engine.source,
            "nixl-ucx-rdma-write changed by the scenario (per_descriptor, connection_setup)");
  EXPECT_EQ(origin_of(engine, "per_descriptor"), FigureOrigin::scenario);
  EXPECT_EQ(origin_of(engine, "efficiency"), FigureOrigin::measured);
  EXPECT_EQ(engine_of("{base: nccl-sendrecv, start: 1 us}").small->efficiency, 0.57);
}

TEST(TransferEngines, AnEngineOfItsOwnStatesFourFigures) {
  const TransferEngine engine = engine_of(
      "{efficiency: 0.9, start: 5 us, per_descriptor: 1 us, blend: 2, rate: 20 GB/s, in_flight: 4, "
      "serial_per_descriptor: 0.5 us, packing: 1 TB/s, connection_setup: 2 s, overhead: 3 ms, "
      "small: {efficiency: 0.5, up_to: 1 MB, full_from: 9 MB}}");
  EXPECT_EQ(engine.rate, BytesPerSecond{20e9});
  EXPECT_EQ(engine.in_flight, 4);
  EXPECT_EQ(engine.serial_per_descriptor, Seconds{0.5e-6});
  EXPECT_EQ(engine.packing, BytesPerSecond{1e12});
  EXPECT_EQ(engine.connection_setup, Seconds{2});
  EXPECT_EQ(engine.overhead, Seconds{3e-3});
  EXPECT_EQ(engine.small->full_from, Bytes{9'000'000});
  EXPECT_THAT(
      errors_of(kValid, {{"transfer.engine={efficiency: 0.9, start: 5 us}"}}),
      testing::ElementsAre(testing::HasSubstr("missing key 'transfer.engine.per_descriptor'"),
                           testing::HasSubstr("missing key 'transfer.engine.blend'")));
}

TEST(TransferEngines, TheResolvedEngineLoadsToItself) {
  const auto scenario = load_scenario_text(
      kValid, "s.yaml",
      {{"transfer.engine={base: nccl-sendrecv, in_flight: 2}"}, {"transfer.coalesce=2.9"}});
  const std::string resolved = to_yaml(scenario.resolved);
  const auto again = load_scenario_text(resolved, "s.yaml", {});
  EXPECT_EQ(to_yaml(again.resolved), resolved);
  EXPECT_EQ(again.system.transfer.engine.packing, BytesPerSecond{1e12});
  EXPECT_EQ(again.system.transfer.engine.in_flight, 2);
  EXPECT_EQ(again.system.transfer.pages.coalesce, 2.9);
}

TEST(TransferEngines, PagesAreLaidOutAsStated) {
  const auto scenario = load_scenario_text(kValid, "s.yaml", {{"transfer.page_layout=whole-page"}});
  EXPECT_EQ(scenario.system.transfer.pages.layout, sim::PageLayout::whole_page);
}

TEST(TransferEngines, FaultyValuesAreRefused) {
  const std::string base = "transfer.engine={base: ideal, ";
  for (const auto& [assignment, message] : std::vector<std::pair<std::string, std::string>>{
           {base + "efficiency: 0}", "expected a number above 0 and at most 1, found '0'"},
           {base + "efficiency: 1.1}", "expected a number above 0 and at most 1, found '1.1'"},
           {base + "blend: 0.9}",
            "expected max, or a number of at least 1 and at most 1000, found '0.9'"},
           {base + "blend: sum}",
            "expected max, or a number of at least 1 and at most 1000, found 'sum'"},
           {base + "start: -1 us}", "must not be negative, found '-1 us'"},
           {base + "start: 5}", "key 'transfer.engine.start'"},
           {base + "rate: 0 GB/s}", "must be above zero, found '0 GB/s'"},
           {base + "in_flight: 0}", "expected a whole number from 1 to 1048576, found '0'"},
           {base + "small: {efficiency: 0.9}}", "missing key 'transfer.engine.small.up_to'"},
           {base + "small: {efficiency: 0.5, up_to: 2 MB, full_from: 1 MB}}",
            "full_from must be above up_to"},
           {base + "small: {efficiency: 0.1, up_to: 2 MB, full_from: 10 MB}}",
            "a transfer of full_from would take less time than one of up_to"},
           {base + "efficiency: 0.5, small: {efficiency: 0.6, up_to: 1 MB, full_from: 10 MB}}",
            "efficiency must not be above that of the engine"},
           {base + "per_desc: 1 us}", "(did you mean 'per_descriptor'?)"},
           {"transfer.engine=nixl-ucx-rdma-wirte", "(did you mean 'nixl-ucx-rdma-write'?)"},
           {"transfer.coalesce=0.5", "expected a number of at least 1"},
           {"transfer.page_layout=pages", "unknown page layout 'pages'"}}) {
    EXPECT_THAT(errors_of(kValid, {{assignment}}), testing::Contains(testing::HasSubstr(message)))
        << assignment;
  }
}

}  // namespace
}  // namespace kvferry::scenarios
