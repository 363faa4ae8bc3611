#include "topologies/two_tier.hpp"

#include <cassert>

namespace kvferry::topologies {
namespace {

// One link per direction, with consecutive ids.
void add_pair(Topology& topology, const Link& cable, const char* forward, const char* backward) {
  for (const char* direction : {forward, backward})
    topology.links.push_back({cable.name + direction, cable.capacity, cable.latency});
}

}  // namespace

Topology two_tier(const TwoTierSpec& spec) {
  assert(spec.nodes > 0 && spec.gpus_per_node > 0 && spec.oversubscription >= 1);
  Topology topology;
  topology.preset = "two-tier";
  topology.description = std::to_string(spec.nodes) + " nodes of " +
                         std::to_string(spec.gpus_per_node) + " GPUs with a NIC each, one core";
  topology.gpu_count = spec.nodes * spec.gpus_per_node;
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    const std::string id = std::to_string(gpu);
    add_pair(topology, {"nvlink" + id, spec.nvlink_bandwidth, {0}}, "-out", "-in");
    add_pair(topology, {"nic" + id, spec.link_bandwidth, spec.link_latency}, "-out", "-in");
  }
  const auto first_uplink = static_cast<LinkId>(topology.links.size());
  const bool oversubscribed = spec.oversubscription > 1;
  for (std::int32_t node = 0; oversubscribed && node < spec.nodes; ++node) {
    const BytesPerSecond shared =
        spec.link_bandwidth * (spec.gpus_per_node / spec.oversubscription);
    add_pair(topology, {"node" + std::to_string(node), shared, {0}}, "-up", "-down");
  }
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
