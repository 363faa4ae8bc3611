#include "topologies/topology.hpp"

#include <numeric>
#include <utility>

namespace kvferry::topologies {

bool enters_node(const Topology& topology, const Link& link) {
  const auto kind_of = [&](VertexId vertex) {
    return topology.vertices[static_cast<std::size_t>(vertex)].kind;
  };
  if (link.from < 0 || link.to < 0) return false;
  const VertexKind from = kind_of(link.from);
  const VertexKind to = kind_of(link.to);
  const bool is_cable_between_nics = from == VertexKind::nic && to == VertexKind::nic;
  return is_cable_between_nics ||
         (from == VertexKind::fabric_switch && to != VertexKind::fabric_switch);
}

Seconds path_latency(const Topology& topology, std::span<const LinkId> path) {
  Seconds sum{};
  for (const LinkId link : path) sum += topology.links[static_cast<std::size_t>(link)].latency;
  return sum;
}

void set_only_path(Topology& topology,
                   std::function<void(GpuId, GpuId, std::vector<LinkId>&)> append) {
  topology.path_count = [](GpuId, GpuId) { return 1; };
  topology.append_path = [append = std::move(append)](GpuId from, GpuId to, std::int32_t,
                                                      std::vector<LinkId>& path) {
    append(from, to, path);
  };
}

void give_each_gpu_a_nic(Topology& topology) {
  topology.nic_count = topology.gpu_count;
  topology.nic_of_gpu.resize(static_cast<std::size_t>(topology.gpu_count));
  std::iota(topology.nic_of_gpu.begin(), topology.nic_of_gpu.end(), 0);
}

}  // namespace kvferry::topologies
