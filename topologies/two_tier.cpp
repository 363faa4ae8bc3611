#include "topologies/two_tier.hpp"

#include "topologies/cable.hpp"

#include <cassert>

namespace kvferry::topologies {
namespace {

std::string numbered(const char* stem, std::int32_t number) {
  return stem + std::to_string(number);
}

// Without oversubscription the NICs are plugged into the core itself.
std::vector<VertexId> add_switches(Topology& topology, const TwoTierSpec& spec) {
  const VertexId core = add_vertex(topology, "core", VertexKind::fabric_switch);
  std::vector<VertexId> of_node(static_cast<std::size_t>(spec.nodes), core);
  if (spec.oversubscription == 1) return of_node;
  for (std::int32_t node = 0; node < spec.nodes; ++node) {
    of_node[static_cast<std::size_t>(node)] =
        add_vertex(topology, numbered("leaf", node), VertexKind::fabric_switch);
  }
  return of_node;
}

void add_node(Topology& topology, const TwoTierSpec& spec, std::int32_t node, VertexId plug) {
  const VertexId nvswitch =
      add_vertex(topology, numbered("nvswitch", node), VertexKind::node_switch);
  for (GpuId i = 0; i < spec.gpus_per_node; ++i) {
    const GpuId gpu = node * spec.gpus_per_node + i;
    add_cable(topology, {numbered("nvlink", gpu), gpu, nvswitch}, {spec.nvlink_bandwidth, {0}},
              Directions::out_in);
    add_cable(topology, {numbered("nic", gpu), gpu, plug}, {spec.link_bandwidth, spec.link_latency},
              Directions::out_in);
  }
}

void add_uplinks(Topology& topology, const TwoTierSpec& spec, const std::vector<VertexId>& leaves) {
  const BytesPerSecond shared = spec.link_bandwidth * (spec.gpus_per_node / spec.oversubscription);
  const VertexId core = leaves.front() - 1;
  for (std::int32_t node = 0; node < spec.nodes; ++node) {
    add_cable(topology, {numbered("node", node), leaves[static_cast<std::size_t>(node)], core},
              {shared, {0}}, Directions::up_down);
  }
}

}  // namespace

Topology two_tier(const TwoTierSpec& spec) {
  assert(spec.nodes > 0 && spec.gpus_per_node > 0 && spec.oversubscription >= 1);
  Topology topology;
  topology.preset = "two-tier";
  topology.description = std::to_string(spec.nodes) + " nodes of " +
                         std::to_string(spec.gpus_per_node) + " GPUs with a NIC each, one core";
  topology.gpu_count = spec.nodes * spec.gpus_per_node;
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu)
    add_vertex(topology, numbered("gpu", gpu), VertexKind::gpu);
  const std::vector<VertexId> plugs = add_switches(topology, spec);
  for (std::int32_t node = 0; node < spec.nodes; ++node)
    add_node(topology, spec, node, plugs[static_cast<std::size_t>(node)]);
  const auto first_uplink = static_cast<LinkId>(topology.links.size());
  const bool oversubscribed = spec.oversubscription > 1;
  if (oversubscribed) add_uplinks(topology, spec, plugs);
  const std::int32_t gpus_per_node = spec.gpus_per_node;
  topology.gpus_per_node = gpus_per_node;
  give_each_gpu_a_nic(topology);
  set_only_path(topology, [=](GpuId from, GpuId to, std::vector<LinkId>& path) {
    const GpuId source_node = from / gpus_per_node;
    const GpuId target_node = to / gpus_per_node;
    if (source_node == target_node) {
      path.insert(path.end(), {4 * from, 4 * to + 1});
      return;
    }
    path.push_back(4 * from + 2);
    if (oversubscribed) {
      path.insert(path.end(), {first_uplink + 2 * source_node, first_uplink + 2 * target_node + 1});
    }
    path.push_back(4 * to + 3);
  });
  return topology;
}

}  // namespace kvferry::topologies
