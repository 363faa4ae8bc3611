#include "topologies/point_to_point.hpp"

#include "topologies/cable.hpp"

#include <cassert>

namespace kvferry::topologies {

Topology point_to_point(const PointToPointSpec& spec) {
  assert(spec.left_gpus > 0 && spec.right_gpus > 0);
  Topology topology;
  topology.preset = "point-to-point";
  topology.description = std::to_string(spec.left_gpus) + " GPUs and " +
                         std::to_string(spec.right_gpus) + " GPUs joined by a single link";
  topology.gpu_count = spec.left_gpus + spec.right_gpus;
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu)
    add_vertex(topology, "gpu" + std::to_string(gpu), VertexKind::gpu);
  const VertexId left_side = add_vertex(topology, "left", VertexKind::fabric_switch);
  const VertexId right_side = add_vertex(topology, "right", VertexKind::fabric_switch);
  add_cable(topology, {"link", left_side, right_side}, {spec.link_bandwidth, spec.link_latency},
            Directions::forward_backward);
  topology.gpus_per_node = topology.gpu_count;
  give_each_gpu_a_nic(topology);
  const GpuId left = spec.left_gpus;
  set_only_path(topology, [left](GpuId from, GpuId to, std::vector<LinkId>& path) {
    assert((from < left) != (to < left) && "GPUs of one side have no link between them");
    path.push_back(from < left && to >= left ? 0 : 1);
  });
  return topology;
}

}  // namespace kvferry::topologies
