#include "cli/topology_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace kvferry::cli {
namespace {

using topologies::Link;
using topologies::Topology;
using topologies::Vertex;
using topologies::VertexId;
using topologies::VertexKind;

std::size_t index(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

// The node that each vertex is in; -1: none. What is no switch of the fabric belongs to the node of
// the GPUs that links join it to.
std::vector<std::int32_t> nodes_of(const Topology& topology) {
  std::vector<std::vector<VertexId>> neighbours(topology.vertices.size());
  for (const Link& link : topology.links) {
    if (link.from < 0 || link.to < 0) continue;
    neighbours[index(link.from)].push_back(link.to);
    neighbours[index(link.to)].push_back(link.from);
  }
  std::vector<std::int32_t> nodes(topology.vertices.size(), -1);
  std::vector<VertexId> queue;
  for (topologies::GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    nodes[index(gpu)] = gpu / topology.gpus_per_node;
    queue.push_back(gpu);
  }
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (const VertexId next : neighbours[index(queue[i])]) {
      const bool in_fabric = topology.vertices[index(next)].kind == VertexKind::fabric_switch;
      if (in_fabric || nodes[index(next)] >= 0) continue;
      nodes[index(next)] = nodes[index(queue[i])];
      queue.push_back(next);
    }
  }
  return nodes;
}

std::string role_name(sim::EngineRole role) {
  switch (role) {
    case sim::EngineRole::prefill:
      return "prefill";
    case sim::EngineRole::decode:
      return "decode";
    case sim::EngineRole::mixed:
      return "mixed";
  }
  return {};
}

/// What stands on each node: "prefill", or nothing.
std::vector<std::string> roles_of_nodes(const sim::SimulationConfig& config,
                                        const sim::Placement& placement) {
  const Topology& topology = placement.topology;
  std::vector<std::string> roles(index(topology.gpu_count / topology.gpus_per_node), "unused");
  const std::vector<sim::EngineKind> engines = sim::engines_of(config);
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const sim::InstanceGpus& gpus = placement.engines[i];
    const std::int32_t last = (gpus.first + gpus.count - 1) / topology.gpus_per_node;
    for (std::int32_t node = gpus.first / topology.gpus_per_node; node <= last; ++node)
      roles[index(node)] = role_name(engines[i].role);
  }
  return roles;
}

/// The engine of each GPU: "prefill 0".
std::vector<std::string> engines_of_gpus(const sim::SimulationConfig& config,
                                         const sim::Placement& placement) {
  std::vector<std::string> names(index(placement.topology.gpu_count));
  std::map<sim::EngineRole, int> next;
  const std::vector<sim::EngineKind> engines = sim::engines_of(config);
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const std::string name =
        fmt::format("{} {}", role_name(engines[i].role), next[engines[i].role]++);
    const sim::InstanceGpus& gpus = placement.engines[i];
    for (topologies::GpuId gpu = gpus.first; gpu < gpus.first + gpus.count; ++gpu)
      names[index(gpu)] = name;
  }
  return names;
}

/// Decides which vertices are drawn, and which stand for others.
class Grouping {
 public:
  Grouping(const sim::SimulationConfig& config, const sim::Placement& placement, bool whole)
      : topology_(placement.topology),
        whole_(whole),
        node_of_(nodes_of(topology_)),
        role_of_node_(roles_of_nodes(config, placement)),
        engine_of_gpu_(engines_of_gpus(config, placement)) {
    find_detailed_nodes();
    find_plugged_switches();
  }

  const std::vector<std::string>& roles() const { return role_of_node_; }

  /// Vertices with the same key are drawn as one.
  std::string key_of(VertexId vertex) const {
    const Vertex& what = topology_.vertices[index(vertex)];
    const std::int32_t node = node_of_[index(vertex)];
    if (is_single_link() && what.kind == VertexKind::gpu)
      return engine_of_gpu_[index(vertex)].starts_with("prefill") ? "left" : "right";
    // Both sides of host memory are drawn as one.
    if (is_alone(vertex) && what.kind == VertexKind::host_memory && node >= 0)
      return "host memory " + std::to_string(node);
    if (is_alone(vertex)) return what.name;
    if (is_single_link()) return what.name;
    return node >= 0 ? "more nodes " + role_of_node_[index(node)] : "more " + stem(what.name);
  }

  DrawnVertex alone(VertexId vertex) const {
    const Vertex& what = topology_.vertices[index(vertex)];
    const bool is_memory = what.kind == VertexKind::host_memory;
    DrawnVertex drawn{is_memory ? "host memory" : what.name, what.kind};
    if (what.kind == VertexKind::gpu && !engine_of_gpu_[index(vertex)].empty())
      drawn.label += "\n" + engine_of_gpu_[index(vertex)];
    if (node_of_[index(vertex)] >= 0) drawn.node = node_of_[index(vertex)];
    return drawn;
  }

  DrawnVertex many(const std::vector<VertexId>& members) const {
    // Of the two sides of a single link: how a GPU reaches them is not modelled.
    if (is_single_link()) {
      const std::string key = key_of(members.front());
      return {fmt::format("{}: {} GPUs", key == "left" ? "prefill" : "decode", members.size() - 1),
              VertexKind::gpu,
              {},
              true};
    }
    const Vertex& first = topology_.vertices[index(members.front())];
    const std::int32_t node = node_of_[index(members.front())];
    if (node < 0)
      return {fmt::format("{} more: {} ...", members.size(), first.name), first.kind, {}, true};
    std::set<std::int32_t> nodes;
    for (const VertexId member : members) nodes.insert(node_of_[index(member)]);
    return {fmt::format("{} more {} nodes\nof {} GPUs", nodes.size(), role_of_node_[index(node)],
                        topology_.gpus_per_node),
            VertexKind::gpu,
            {},
            true};
  }

  bool is_alone(VertexId vertex) const {
    const std::int32_t node = node_of_[index(vertex)];
    if (is_single_link()) return false;
    if (whole_) return true;
    if (node >= 0) return detailed_.contains(node);
    return few_switches_ || plugged_.contains(vertex);
  }

 private:
  bool is_single_link() const { return topology_.preset == "point-to-point"; }

  // "edge12" is one of the "edge".
  static std::string stem(const std::string& name) {
    return name.substr(0, name.find_first_of("0123456789"));
  }

  void find_detailed_nodes() {
    std::set<std::string> roles;
    for (std::size_t node = 0; node < role_of_node_.size(); ++node) {
      if (role_of_node_[node] != "unused" && roles.insert(role_of_node_[node]).second)
        detailed_.insert(static_cast<std::int32_t>(node));
    }
  }

  void find_plugged_switches() {
    constexpr auto kFew = 12;
    const auto in_fabric = [](const Vertex& v) { return v.kind == VertexKind::fabric_switch; };
    few_switches_ = std::ranges::count_if(topology_.vertices, in_fabric) <= kFew;
    for (const Link& link : topology_.links) {
      if (link.from < 0 || link.to < 0 || !in_fabric(topology_.vertices[index(link.to)])) continue;
      if (detailed_.contains(node_of_[index(link.from)])) plugged_.insert(link.to);
    }
  }

  const Topology& topology_;
  bool whole_;
  std::vector<std::int32_t> node_of_;
  std::vector<std::string> role_of_node_;
  std::vector<std::string> engine_of_gpu_;
  std::set<std::int32_t> detailed_;
  std::set<VertexId> plugged_;
  bool few_switches_ = false;
};

void add(DrawnDirection& direction, const Link& link, double load) {
  direction.least = direction.links == 0 ? link.capacity : std::min(direction.least, link.capacity);
  direction.most = std::max(direction.most, link.capacity);
  direction.busiest = std::max(direction.busiest, load);
  ++direction.links;
}

/// Places of the topology's vertices in the drawing, which it fills.
std::vector<std::size_t> add_vertices(const Topology& topology, const Grouping& grouping,
                                      Drawing& drawing) {
  std::map<std::string, std::size_t> place_of_key;
  std::vector<std::vector<VertexId>> members;
  std::vector<std::size_t> places(topology.vertices.size(), 0);
  for (std::size_t i = 0; i < topology.vertices.size(); ++i) {
    const auto vertex = static_cast<VertexId>(i);
    const auto [entry, is_new] = place_of_key.try_emplace(grouping.key_of(vertex), members.size());
    if (is_new) members.emplace_back();
    places[i] = entry->second;
    members[entry->second].push_back(vertex);
  }
  for (const std::vector<VertexId>& group : members) {
    drawing.vertices.push_back(grouping.is_alone(group.front()) ? grouping.alone(group.front())
                                                                : grouping.many(group));
  }
  return places;
}

void add_edges(const Topology& topology, const std::vector<double>& load,
               const std::vector<std::size_t>& places, Drawing& drawing) {
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> place_of_ends;
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    const Link& link = topology.links[i];
    if (link.from < 0 || link.to < 0) continue;
    const std::size_t from = places[index(link.from)];
    const std::size_t to = places[index(link.to)];
    if (from == to) {
      const bool is_memory = drawing.vertices[from].kind == VertexKind::host_memory;
      if (is_memory) add(drawing.vertices[from].inside, link, load.empty() ? 0 : load[i]);
      continue;
    }
    const auto [entry, is_new] =
        place_of_ends.try_emplace(std::minmax(from, to), drawing.edges.size());
    if (is_new) drawing.edges.push_back({from, to});
    DrawnEdge& edge = drawing.edges[entry->second];
    add(edge.from == from ? edge.forward : edge.backward, link, load.empty() ? 0 : load[i]);
  }
}

/// How far from the GPUs things stand; the NVSwitch that joins these stands behind them.
std::vector<int> distances_from_gpus(const Drawing& drawing) {
  std::vector<int> distances;
  for (const DrawnVertex& vertex : drawing.vertices) {
    switch (vertex.kind) {
      case VertexKind::gpu:
        distances.push_back(1);
        break;
      case VertexKind::node_switch:
        distances.push_back(0);
        break;
      case VertexKind::host_memory:
        distances.push_back(2);
        break;
      case VertexKind::nic:
        distances.push_back(3);
        break;
      case VertexKind::fabric_switch:
        distances.push_back(4);
        break;
    }
  }
  // A PCIe switch is on the way to NICs.
  for (const DrawnEdge& edge : drawing.edges) {
    for (const auto& [end, other] :
         {std::pair(edge.from, edge.to), std::pair(edge.to, edge.from)}) {
      const bool on_the_way = drawing.vertices[end].kind == VertexKind::node_switch &&
                              drawing.vertices[other].kind != VertexKind::gpu;
      if (on_the_way) distances[end] = 2;
    }
  }
  return distances;
}

void turn_away_from_gpus(Drawing& drawing) {
  const std::vector<int> distances = distances_from_gpus(drawing);
  for (DrawnEdge& edge : drawing.edges) {
    const bool one_way = edge.backward.links == 0;  // an arrow, and stays one
    if (one_way || distances[edge.from] <= distances[edge.to]) continue;
    std::swap(edge.from, edge.to);
    std::swap(edge.forward, edge.backward);
  }
}

}  // namespace

Drawing draw(const sim::SimulationConfig& config, const sim::Placement& placement,
             const std::vector<double>& load, std::size_t drawn_whole) {
  const Topology& topology = placement.topology;
  const Grouping grouping(config, placement, topology.vertices.size() <= drawn_whole);
  Drawing drawing;
  drawing.title = topology.preset + ": " + topology.description;
  drawing.has_load = !load.empty();
  drawing.between_equals = topology.preset == "dragonfly" || topology.preset == "torus";
  for (std::size_t node = 0; node < grouping.roles().size(); ++node)
    drawing.node_labels.push_back(fmt::format("node {}: {}", node, grouping.roles()[node]));
  const std::vector<std::size_t> places = add_vertices(topology, grouping, drawing);
  add_edges(topology, load, places, drawing);
  turn_away_from_gpus(drawing);
  return drawing;
}

}  // namespace kvferry::cli
