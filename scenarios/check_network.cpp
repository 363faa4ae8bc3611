#include "scenarios/read_network.hpp"
#include "sim/placement.hpp"
#include "topologies/reachability.hpp"

#include <optional>
#include <string>
#include <variant>

namespace kvferry::scenarios {
namespace {

using topologies::GpuId;

/// Ten million links take about a gigabyte.
constexpr std::int64_t kMostLinks = 10'000'000;

// Of a topology whose size is stated: the key that states it.
const char* size_key(const topologies::TopologySpec& spec) {
  if (std::holds_alternative<topologies::FatTreeSpec>(spec)) return "k";
  if (std::holds_alternative<topologies::DragonflySpec>(spec)) return "groups";
  if (std::holds_alternative<topologies::TorusSpec>(spec)) return "dimensions";
  if (std::holds_alternative<topologies::RoutedSpec>(spec)) return "path";
  return "vertices";
}

std::vector<GpuId> gpus_of(const sim::Placement& placement,
                           const std::vector<sim::EngineKind>& engines, bool senders) {
  std::vector<GpuId> gpus;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    if ((engines[i].role == sim::EngineRole::prefill) != senders) continue;
    const sim::InstanceGpus& instance = placement.engines[i];
    for (GpuId gpu = instance.first; gpu < instance.first + instance.count; ++gpu)
      gpus.push_back(gpu);
  }
  return gpus;
}

void check_reachability(const SectionReader& root, const sim::SimulationConfig& system) {
  const sim::Placement placement = sim::place(system);
  const std::vector<sim::EngineKind> engines = sim::engines_of(system);
  const auto pair = topologies::unreachable_pair(
      placement.topology, gpus_of(placement, engines, true), gpus_of(placement, engines, false));
  if (!pair) return;
  const auto name = [&](GpuId gpu) {
    return "'" + placement.topology.vertices[static_cast<std::size_t>(gpu)].name + "'";
  };
  root.error_within("network", "links",
                    "no path leads from " + name(pair->first) + " (prefill) to " +
                        name(pair->second) +
                        " (decode): expected one from every GPU of the "
                        "prefill side to every GPU of the decode side; GPUs pass nothing on");
}

}  // namespace

void check_network(const SectionReader& root, const sim::SimulationConfig& system) {
  const topologies::TopologySpec& spec = system.network.topology;
  const std::optional<std::int32_t> node = topologies::gpus_per_node(spec);
  if (!node) return;
  const std::int64_t needed = sim::nodes_needed(system, *node);
  const std::int64_t places = topologies::node_places(spec).value_or(needed);
  if (places < needed) {
    root.error_within("network", size_key(spec),
                      "too small: a place for " + std::to_string(places) + " nodes of " +
                          std::to_string(*node) + " GPUs, and the engines need " +
                          std::to_string(needed) + ", " + std::to_string(needed - places) +
                          " more");
    return;
  }
  const std::int64_t links = topologies::link_count(spec, needed);
  if (links > kMostLinks) {
    root.error_within(
        "network", "topology",
        "too large: " + std::to_string(links) + " links, at most " + std::to_string(kMostLinks));
    return;
  }
  // Presets join all their nodes.
  if (std::holds_alternative<topologies::ExplicitSpec>(spec)) check_reachability(root, system);
}

}  // namespace kvferry::scenarios
