#include "topologies/nodes_on_fabric.hpp"

#include <utility>
#include <vector>

namespace kvferry::topologies {
namespace {

class Routes {
 public:
  Routes(NodeLayout nodes, std::unique_ptr<Fabric> fabric, CrossRail cross_rail)
      : nodes_(std::move(nodes)), fabric_(std::move(fabric)), cross_rail_(cross_rail) {}

  std::int32_t count(GpuId from, GpuId to) const {
    if (nodes_.node_of(from) == nodes_.node_of(to)) return 1;
    return fabric_->path_count(nodes_.nic_of(exit(from, to)), nodes_.nic_of(to));
  }

  void append(GpuId from, GpuId to, std::int32_t choice, std::vector<LinkId>& path) const {
    if (nodes_.node_of(from) == nodes_.node_of(to)) {
      nodes_.append_inside(from, to, path);
      return;
    }
    const GpuId last_on_node = exit(from, to);
    if (last_on_node != from) nodes_.append_inside(from, last_on_node, path);
    nodes_.append_out(last_on_node, path);
    fabric_->append_path(nodes_.nic_of(last_on_node), nodes_.nic_of(to), choice, path);
    nodes_.append_in(to, path);
  }

 private:
  GpuId exit(GpuId from, GpuId to) const {
    return cross_rail_ == CrossRail::pxn ? nodes_.neighbour_on_rail_of(from, nodes_.nic_of(to))
                                         : from;
  }

  NodeLayout nodes_;
  std::unique_ptr<Fabric> fabric_;
  CrossRail cross_rail_;
};

std::string in_words(const NodesOnFabric& plan) {
  const NodeSpec& node = plan.node;
  std::string text = std::to_string(plan.nodes) + " nodes of " + std::to_string(node.gpus) +
                     " GPUs and " + std::to_string(node.nics) + " NICs, " + plan.fabric;
  if (node.gpu_links == GpuLinks::pcie) text += "; PCIe inside";
  if (node.nic_access == NicAccess::through_host) text += "; through host memory";
  return text;
}

}  // namespace

Topology join_nodes(const NodesOnFabric& plan, const MakeFabric& make_fabric) {
  Topology topology;
  topology.preset = plan.preset;
  topology.description = in_words(plan);
  NodeLayout nodes(topology, plan.node, plan.nodes);
  std::unique_ptr<Fabric> fabric = make_fabric(topology);
  nodes.plug_into(*fabric, topology);
  const auto routes =
      std::make_shared<const Routes>(std::move(nodes), std::move(fabric), plan.cross_rail);
  topology.path_count = [routes](GpuId from, GpuId to) { return routes->count(from, to); };
  topology.append_path = [routes](GpuId from, GpuId to, std::int32_t choice,
                                  std::vector<LinkId>& path) {
    routes->append(from, to, choice, path);
  };
  return topology;
}

}  // namespace kvferry::topologies
