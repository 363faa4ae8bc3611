#include "cli/topology_command.hpp"

#include "cli/execution.hpp"
#include "cli/link_utilization.hpp"
#include "cli/text_table.hpp"
#include "cli/topology_dot.hpp"
#include "codec/files/output_file.hpp"
#include "scenarios/load_scenario.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/placement.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::cli {
namespace {

std::string name_of(const topologies::Topology& topology, topologies::VertexId vertex) {
  return vertex < 0 ? "-" : topology.vertices[static_cast<std::size_t>(vertex)].name;
}

std::string link_table(const topologies::Topology& topology, const std::vector<double>& load) {
  std::vector<std::string> header{"link", "from", "to", "capacity", "latency"};
  if (!load.empty()) header.emplace_back("utilisation");
  TextTable table(std::move(header), {Align::left, Align::left, Align::left, Align::right});
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    const topologies::Link& link = topology.links[i];
    std::vector<std::string> row{link.name, name_of(topology, link.from),
                                 name_of(topology, link.to), rate_text(link.capacity),
                                 to_text(link.latency)};
    if (!load.empty()) row.push_back(fmt::format("{:.1f} %", 100 * load[i]));
    table.add(std::move(row));
  }
  return table.text();
}

std::string picture(const sim::SimulationConfig& config, const sim::Placement& placement,
                    const std::vector<double>& load, TopologyShowOptions::Detail detail) {
  const bool all = detail == TopologyShowOptions::Detail::all;
  const std::size_t vertices = placement.topology.vertices.size();
  const Drawing drawing =
      draw(config, placement, load, all ? std::numeric_limits<std::size_t>::max() : kDrawnWhole);
  if (!all && vertices > kDrawnWhole) {
    spdlog::info("{} vertices are drawn as {}: a node of each role in detail; --all draws all",
                 vertices, drawing.vertices.size());
  }
  return to_dot(drawing);
}

}  // namespace

int topology_show(const TopologyShowOptions& options) {
  const scenarios::Scenario scenario =
      scenarios::load_scenario(options.scenario, overrides_from(options.set));
  std::optional<codec::OutputFile> output;
  if (!options.output.empty()) {
    output.emplace(options.output, options.existing == ExistingFolder::replace
                                       ? codec::ExistingFile::replace
                                       : codec::ExistingFile::refuse);
  }
  const sim::Placement placement = sim::place(scenario.system);
  std::vector<double> load;
  if (!options.result_folder.empty())
    load = link_utilization(options.result_folder, placement.topology);
  const std::string text = options.form == TopologyShowOptions::Form::table
                               ? link_table(placement.topology, load)
                               : picture(scenario.system, placement, load, options.detail);
  if (output) {
    output->write(std::as_bytes(std::span(text)));
    output->commit();
  } else {
    fmt::print("{}", text);
  }
  return kSuccess;
}

}  // namespace kvferry::cli
