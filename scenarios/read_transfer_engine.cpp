#include "scenarios/read_transfer_engine.hpp"

#include "scenarios/catalog.hpp"
#include "scenarios/spec_fields.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace kvferry::scenarios {
namespace {

using sim::FigureOrigin;
using sim::FigureSource;
using sim::SmallTransfers;
using sim::TransferEngine;

constexpr std::array<const char*, 11> kFigures{"efficiency",     "rate",
                                               "small",          "start",
                                               "per_descriptor", "serial_per_descriptor",
                                               "blend",          "packing",
                                               "in_flight",      "connection_setup",
                                               "overhead"};

constexpr Number kShare{0, 1, Bound::exclusive};

const Choice<sim::PageLayout> kPageLayouts{"page layout",
                                           {{"heads-first", sim::PageLayout::heads_first},
                                            {"tokens-first", sim::PageLayout::tokens_first},
                                            {"whole-page", sim::PageLayout::whole_page}}};

// The exponent p: a number, or `max` where it is infinite.
struct Blend {
  static constexpr ScalarKind kKind = ScalarKind::text;
  static constexpr Number kFinite{1, 1000};

  double parse(const std::string& text) const {
    if (text == "max") return std::numeric_limits<double>::infinity();
    try {
      return kFinite.parse(text);
    } catch (const std::invalid_argument&) {
      throw std::invalid_argument(
          "expected max, or a number of at least 1 and at most 1000, found '" + text + "'");
    }
  }
  std::string print(double value) const { return std::isinf(value) ? "max" : kFinite.print(value); }
};

// An optional field: stated, taken over from the base, or absent.
template <typename Scalar, typename Value>
auto maybe_field(SectionReader& section, const std::string& key, const Scalar& scalar,
                 const std::optional<Value>& inherited)
    -> std::optional<decltype(scalar.parse(std::string{}))> {
  if (inherited) return section.optional(key, scalar, *inherited);
  return section.maybe(key, scalar);
}

SmallTransfers read_small(SectionReader&& section, const SmallTransfers* base) {
  return {section.field("efficiency", kShare, member_of(base, &SmallTransfers::efficiency)),
          section.field("up_to", Size{}, member_of(base, &SmallTransfers::up_to)),
          section.field("full_from", Size{}, member_of(base, &SmallTransfers::full_from))};
}

// More bytes never take less time.
void check_small(const SectionReader& section, const TransferEngine& engine) {
  if (!engine.small || !section.present()) return;
  if (engine.small->efficiency > engine.efficiency)
    section.error("small", "efficiency must not be above that of the engine");
  if (engine.small->full_from <= engine.small->up_to)
    section.error("small", "full_from must be above up_to");
  else if (engine.small->up_to / BytesPerSecond{engine.small->efficiency} >
           engine.small->full_from / BytesPerSecond{engine.efficiency})
    section.error("small", "a transfer of full_from would take less time than one of up_to");
}

// What the section states is the scenario's; the rest comes from where the base has it.
std::vector<FigureSource> sources_of(const SectionReader& section, const TransferEngine* base) {
  std::vector<FigureSource> sources;
  for (const std::string figure : kFigures) {
    if (section.has(figure)) {
      sources.push_back({figure, FigureOrigin::scenario, "the scenario"});
      continue;
    }
    if (base == nullptr) continue;
    for (const FigureSource& source : base->figures) {
      if (source.figure == figure) sources.push_back(source);
    }
  }
  return sources;
}

void read_costs(SectionReader& section, TransferEngine& engine, const TransferEngine* base) {
  using Engine = TransferEngine;
  const Engine defaults{};
  const Engine& fallback = base == nullptr ? defaults : *base;
  engine.start = section.field("start", kAnyTime, member_of(base, &Engine::start));
  engine.per_descriptor =
      section.field("per_descriptor", kAnyTime, member_of(base, &Engine::per_descriptor));
  engine.serial_per_descriptor =
      section.optional("serial_per_descriptor", kAnyTime, fallback.serial_per_descriptor);
  engine.blend = section.field("blend", Blend{}, member_of(base, &Engine::blend));
  engine.connection_setup =
      section.optional("connection_setup", kAnyTime, fallback.connection_setup);
  engine.overhead = section.optional("overhead", kAnyTime, fallback.overhead);
}

void read_provenance(SectionReader&& section, FigureOrigin origin,
                     std::vector<FigureSource>& sources) {
  for (const char* figure : kFigures) {
    if (const auto source = section.maybe(figure, Text{}))
      sources.push_back({figure, origin, *source});
  }
}

}  // namespace

TransferEngine read_transfer_engine_fields(SectionReader& section, const std::string& name,
                                           const TransferEngine* base) {
  TransferEngine engine;
  engine.name = name;
  engine.source =
      section.optional("source", Text{}, base == nullptr ? "the scenario" : base->source);
  engine.efficiency =
      section.field("efficiency", kShare, member_of(base, &TransferEngine::efficiency));
  const TransferEngine& inherited = base == nullptr ? engine : *base;
  engine.rate = maybe_field(section, "rate", Bandwidth{}, inherited.rate);
  engine.small = maybe_part(section, "small", part_of(base, &TransferEngine::small), read_small);
  engine.packing = maybe_field(section, "packing", Bandwidth{}, inherited.packing);
  if (const auto bound =
          maybe_field(section, "in_flight", Integer{1, 1 << 20}, inherited.in_flight))
    engine.in_flight = static_cast<std::int32_t>(*bound);
  read_costs(section, engine, base);
  check_small(section, engine);
  engine.figures = sources_of(section, base);
  return engine;
}

TransferEngine read_catalog_engine(SectionReader& section, const std::string& name) {
  std::vector<FigureSource> sources;
  read_provenance(section.section("measured"), FigureOrigin::measured, sources);
  read_provenance(section.section("assumed"), FigureOrigin::assumed, sources);
  TransferEngine engine = read_transfer_engine_fields(section, name, nullptr);
  engine.figures = std::move(sources);
  return engine;
}

void read_posting(SectionReader& transfer, sim::TransferConfig& config) {
  config.engine = read_transfer_engine(transfer, "engine", config.engine.name);
  config.pages.layout = transfer.optional("page_layout", kPageLayouts, config.pages.layout);
  config.pages.coalesce = transfer.optional("coalesce", Number{1, 1e9}, config.pages.coalesce);
}

}  // namespace kvferry::scenarios
