#include "scenarios/load_workload.hpp"

#include "scenarios/load_scenario.hpp"
#include "scenarios/read_workload.hpp"

#include <utility>

namespace kvferry::scenarios {
namespace {

SeededWorkload read_document(const ConfigNode& tree, Diagnostics& diagnostics) {
  SeededWorkload workload;
  {
    ResolvedNode resolved;
    SectionReader root(tree, diagnostics, resolved);
    for (const ConfigEntry& entry : tree.entries) root.ignore(entry.key);
    workload.seed = root.optional("seed", Seed{}, workload.seed);
    workload.place = root.place_of("workload").text();
    workload.spec = read_workload(root.required_section("workload"));
  }
  diagnostics.throw_if_any();
  return workload;
}

ConfigNode mapping(const Place& place, std::vector<ConfigEntry> entries) {
  return {ConfigNode::Kind::mapping, place, {}, {}, std::move(entries)};
}

// Options of the trace go by their own name; two keys stand elsewhere in a scenario.
Override in_scenario(const Override& option) {
  const std::string key = option.assignment.substr(0, option.assignment.find('='));
  if (key == "seed") return option;
  const std::string section = key == "requests" ? "workload." : "workload.trace.";
  return {section + option.assignment, option.option};
}

}  // namespace

SeededWorkload load_workload(const std::string& path, const std::vector<Override>& overrides) {
  Diagnostics diagnostics;
  ConfigNode tree = parse_config(read_scenario_file(path), path, diagnostics);
  for (const Override& override : overrides) apply_override(tree, override, diagnostics);
  return read_document(tree, diagnostics);
}

SeededWorkload trace_workload(const std::string& path, const std::string& format,
                              const std::vector<Override>& overrides) {
  Diagnostics diagnostics;
  const Place place{path, 0, 0};
  const auto scalar = [&](const std::string& text) {
    return ConfigNode{ConfigNode::Kind::scalar, place, text, {}, {}};
  };
  ConfigNode trace =
      mapping(place, {{"path", place, scalar(path)}, {"format", place, scalar(format)}});
  ConfigNode workload = mapping(place, {{"trace", place, std::move(trace)}});
  ConfigNode tree = mapping(place, {{"workload", place, std::move(workload)}});
  for (const Override& override : overrides) {
    apply_override(tree, in_scenario(override), diagnostics);
  }
  return read_document(tree, diagnostics);
}

}  // namespace kvferry::scenarios
