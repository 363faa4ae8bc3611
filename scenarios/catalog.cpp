#include "scenarios/catalog.hpp"

#include "scenarios/file_path.hpp"
#include "scenarios/moe_tables.hpp"
#include "scenarios/read_gpu.hpp"
#include "scenarios/read_model.hpp"
#include "scenarios/read_transfer_engine.hpp"
#include "scenarios/spec_fields.hpp"
#include "sim/base/error.hpp"
#include "sim/base/nearest_name.hpp"

#include "catalog_files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace kvferry::scenarios {
namespace {

using sim::GpuSpec;
using sim::ModelSpec;
using sim::StackProfile;
using sim::TransferEngine;

StackProfile read_stack_fields(SectionReader& section, const std::string& name,
                               const StackProfile* base) {
  StackProfile stack;
  stack.name = name;
  stack.source =
      section.optional("source", Text{}, base == nullptr ? "the scenario" : base->source);
  stack.gemm_factor =
      section.field("gemm_factor", kFactor, member_of(base, &StackProfile::gemm_factor));
  stack.attention_factor =
      section.field("attention_factor", kFactor, member_of(base, &StackProfile::attention_factor));
  stack.all_reduce_factor = section.field("all_reduce_factor", kFactor,
                                          member_of(base, &StackProfile::all_reduce_factor));
  stack.per_kernel =
      section.field("per_kernel", kAnyTime, member_of(base, &StackProfile::per_kernel));
  stack.per_iteration =
      section.field("per_iteration", kAnyTime, member_of(base, &StackProfile::per_iteration));
  stack.per_sequence =
      section.field("per_sequence", kAnyTime, member_of(base, &StackProfile::per_sequence));
  stack.elementwise_factor = section.field("elementwise_factor", kFactor,
                                           member_of(base, &StackProfile::elementwise_factor));
  return stack;
}

// A name of the catalog; parses to a pointer into it.
template <typename Entry>
struct CatalogName {
  static constexpr ScalarKind kKind = ScalarKind::text;
  std::string noun;
  const std::vector<Entry>& known;

  const Entry* parse(const std::string& text) const {
    for (const Entry& entry : known) {
      if (entry.name == text) return &entry;
    }
    std::vector<std::string> names;
    for (const Entry& entry : known) names.push_back(entry.name);
    refuse_name(noun, text, names);
  }
  std::string print(const Entry* entry) const { return entry->name; }
};

// A mapping without a base states everything. With one it takes over what it does not state: the
// result is then neither the base nor measured, and says so.
template <typename Entry, typename ReadFields>
Entry read_mapping(SectionReader&& section, const CatalogName<Entry>& catalog,
                   ReadFields read_fields) {
  const std::optional<const Entry*> stated = section.maybe("base", catalog);
  const bool faulty_base =
      stated && *stated == nullptr;  // reported; any base spares the reader further messages
  const Entry* base = faulty_base ? &catalog.known.front() : stated.value_or(nullptr);
  const std::string name = section.optional(
      "name", Text{},
      base == nullptr ? "a " + catalog.noun + " of the scenario" : base->name + " (changed)");
  Entry entry = read_fields(section, name, base);
  entry.origin = sim::SpecOrigin::scenario;
  if (base != nullptr && !section.has("source")) {
    std::vector<std::string> changed = section.stated_keys();
    std::erase_if(changed, [](const std::string& key) { return key == "base" || key == "name"; });
    entry.source = base->name + " changed by the scenario (" + join_names(changed) + ")";
  }
  return entry;
}

// After a fault the harmless value is an empty one: it is never used, because the load ends in an
// error.
template <typename Entry>
Entry entry_or_empty(const Entry* entry) {
  return entry == nullptr ? Entry{} : *entry;
}

template <typename Entry, typename ReadFields>
std::vector<Entry> parse_catalog(std::string_view text, const std::string& file,
                                 ReadFields read_fields) {
  Diagnostics diagnostics;
  ResolvedNode resolved;
  const ConfigNode root = parse_config(std::string(text), file, diagnostics);
  std::vector<Entry> entries;
  {
    SectionReader reader(root, diagnostics, resolved);
    for (const ConfigEntry& entry : root.entries) {
      SectionReader section = reader.section(entry.key);
      entries.push_back(read_fields(section, entry.key, entries));
    }
  }
  diagnostics.throw_if_any();
  return entries;
}

// A GPU that was not measured has the efficiencies and latencies of one that was, stated above it;
// not its measured times, nor its price.
GpuSpec read_catalog_gpu(SectionReader& section, const std::string& name,
                         const std::vector<GpuSpec>& above) {
  const std::optional<const GpuSpec*> base =
      section.maybe("extrapolated_from", CatalogName<GpuSpec>{"gpu", above});
  if (base && *base != nullptr) {
    GpuSpec neighbour = **base;
    neighbour.moe_measured.clear();
    neighbour.usd_per_hour.reset();
    neighbour.price_source = "-";
    neighbour.extrapolated_from = neighbour.name;
    return read_gpu_fields(section, name, &neighbour);
  }
  GpuSpec gpu = read_gpu_fields(section, name, nullptr);
  gpu.moe_measured = moe_measurements(name);
  return gpu;
}

// Entries that state everything themselves.
template <typename Entry>
auto stand_alone(Entry (*read_fields)(SectionReader&, const std::string&, const Entry*)) {
  return [read_fields](SectionReader& section, const std::string& name, const std::vector<Entry>&) {
    return read_fields(section, name, nullptr);
  };
}

}  // namespace

const std::vector<GpuSpec>& known_gpus() {
  static const auto gpus =
      parse_catalog<GpuSpec>(embedded::gpus_yaml, "gpus.yaml", read_catalog_gpu);
  return gpus;
}

const std::vector<ModelSpec>& known_models() {
  static const auto models = parse_catalog<ModelSpec>(embedded::models_yaml, "models.yaml",
                                                      stand_alone(read_model_fields));
  return models;
}

const std::vector<StackProfile>& known_stacks() {
  static const auto stacks = parse_catalog<StackProfile>(embedded::stacks_yaml, "stacks.yaml",
                                                         stand_alone(read_stack_fields));
  return stacks;
}

const std::vector<TransferEngine>& known_transfer_engines() {
  static const auto engines = parse_catalog<TransferEngine>(
      embedded::transfer_engines_yaml, "transfer_engines.yaml",
      [](SectionReader& section, const std::string& name, const std::vector<TransferEngine>&) {
        return read_catalog_engine(section, name);
      });
  return engines;
}

GpuSpec read_gpu(SectionReader& parent, const std::string& key) {
  const CatalogName<GpuSpec> catalog{"gpu", known_gpus()};
  if (parent.is_mapping(key)) return read_mapping(parent.section(key), catalog, read_gpu_fields);
  return entry_or_empty(parent.required(key, catalog));
}

ModelSpec read_model(SectionReader& parent, const std::string& key) {
  const CatalogName<ModelSpec> catalog{"model", known_models()};
  if (parent.is_mapping(key)) return read_mapping(parent.section(key), catalog, read_model_fields);
  return entry_or_empty(parent.required(key, catalog));
}

namespace {

// As `kvferry calibrate` writes it: what could stand under `stack`. Its faults have places of their
// own.
StackProfile read_stack_file(const std::string& path, const CatalogName<StackProfile>& catalog) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": error: the stack cannot be read");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Diagnostics diagnostics;
  ResolvedNode resolved;
  const ConfigNode root = parse_config(text, path, diagnostics);
  StackProfile stack =
      read_mapping(SectionReader(root, diagnostics, resolved), catalog, read_stack_fields);
  diagnostics.throw_if_any();
  return stack;
}

}  // namespace

StackProfile read_stack(SectionReader& parent, const std::string& key,
                        const std::string& fallback) {
  const CatalogName<StackProfile> catalog{"stack", known_stacks()};
  if (parent.is_mapping(key)) return read_mapping(parent.section(key), catalog, read_stack_fields);
  if (std::filesystem::path(parent.text_of(key)).extension() == ".yaml") {
    const std::string path = read_file_path(parent, key);
    return std::filesystem::is_regular_file(path) ? read_stack_file(path, catalog) : StackProfile{};
  }
  return entry_or_empty(parent.optional(key, catalog, catalog.parse(fallback)));
}

TransferEngine read_transfer_engine(SectionReader& parent, const std::string& key,
                                    const std::string& fallback) {
  const CatalogName<TransferEngine> catalog{"transfer engine", known_transfer_engines()};
  if (parent.is_mapping(key))
    return read_mapping(parent.section(key), catalog, read_transfer_engine_fields);
  return entry_or_empty(parent.optional(key, catalog, catalog.parse(fallback)));
}

}  // namespace kvferry::scenarios
