#include "topologies/fat_tree.hpp"

#include "topologies/nodes_on_fabric.hpp"

#include <cassert>

namespace kvferry::topologies {
namespace {

class FatTree final : public Fabric {
 public:
  FatTree(Topology& topology, const FatTreeSpec& spec) : shape_(spec.shape) {
    add_switches(topology);
    const BytesPerSecond from_nics = spec.node.nic.bandwidth * shape_.nics_per_edge;
    const CableSpec edge_cable = uplink(spec.edge_uplinks, from_nics, shape_.aggregations);
    add_edge_cables(topology, edge_cable);
    add_core_cables(topology,
                    uplink(spec.core_uplinks, edge_cable.bandwidth * shape_.edges, shape_.cores));
  }

  VertexId switch_of(NicId nic) const override { return first_edge_ + edge_of(nic); }

  std::int32_t path_count(NicId from, NicId to) const override {
    if (edge_of(from) == edge_of(to)) return 1;
    return pod_of(from) == pod_of(to) ? shape_.aggregations : shape_.aggregations * shape_.cores;
  }

  void append_path(NicId from, NicId to, std::int32_t choice,
                   std::vector<LinkId>& path) const override {
    if (edge_of(from) == edge_of(to)) return;
    if (pod_of(from) == pod_of(to)) {
      path.push_back(edge_uplink(edge_of(from), choice));
      path.push_back(edge_uplink(edge_of(to), choice) + 1);
      return;
    }
    const std::int32_t place = choice / shape_.cores;
    path.push_back(edge_uplink(edge_of(from), place));
    path.push_back(core_uplink(pod_of(from), choice));
    path.push_back(core_uplink(pod_of(to), choice) + 1);
    path.push_back(edge_uplink(edge_of(to), place) + 1);
  }

 private:
  std::int32_t edge_of(NicId nic) const { return nic / shape_.nics_per_edge; }
  std::int32_t pod_of(NicId nic) const { return edge_of(nic) / shape_.edges; }
  LinkId edge_uplink(std::int32_t edge, std::int32_t place) const {
    return first_edge_uplink_ + 2 * (edge * shape_.aggregations + place);
  }
  // Cores are counted through all aggregation switches of a pod.
  LinkId core_uplink(std::int32_t pod, std::int32_t core) const {
    return first_core_uplink_ + 2 * (pod * shape_.aggregations * shape_.cores + core);
  }

  void add_switches(Topology& topology) {
    const auto add = [&](const char* stem, std::int32_t count) {
      const auto first = static_cast<VertexId>(topology.vertices.size());
      for (std::int32_t i = 0; i < count; ++i)
        add_vertex(topology, stem + std::to_string(i), VertexKind::fabric_switch);
      return first;
    };
    first_edge_ = add("edge", shape_.pods * shape_.edges);
    first_aggregation_ = add("aggregation", shape_.pods * shape_.aggregations);
    first_core_ = add("core", shape_.aggregations * shape_.cores);
  }

  void add_between(Topology& topology, VertexId below, VertexId above, const CableSpec& cable) {
    const std::string name = topology.vertices[static_cast<std::size_t>(below)].name + "-" +
                             topology.vertices[static_cast<std::size_t>(above)].name;
    add_cable(topology, {name, below, above}, cable, Directions::up_down);
  }

  void add_edge_cables(Topology& topology, const CableSpec& cable) {
    first_edge_uplink_ = static_cast<LinkId>(topology.links.size());
    for (std::int32_t edge = 0; edge < shape_.pods * shape_.edges; ++edge) {
      const VertexId above = first_aggregation_ + edge / shape_.edges * shape_.aggregations;
      for (std::int32_t i = 0; i < shape_.aggregations; ++i)
        add_between(topology, first_edge_ + edge, above + i, cable);
    }
  }

  void add_core_cables(Topology& topology, const CableSpec& cable) {
    first_core_uplink_ = static_cast<LinkId>(topology.links.size());
    for (std::int32_t i = 0; i < shape_.pods * shape_.aggregations; ++i) {
      const VertexId above = first_core_ + i % shape_.aggregations * shape_.cores;
      for (std::int32_t core = 0; core < shape_.cores; ++core)
        add_between(topology, first_aggregation_ + i, above + core, cable);
    }
  }

  FatTreeShape shape_;
  VertexId first_edge_{};
  VertexId first_aggregation_{};
  VertexId first_core_{};
  LinkId first_edge_uplink_{};
  LinkId first_core_uplink_{};
};

std::string in_words(const FatTreeShape& shape) {
  return std::to_string(shape.pods) + " pods of " + std::to_string(shape.edges) + " edge and " +
         std::to_string(shape.aggregations) + " aggregation switches, " +
         std::to_string(shape.aggregations * shape.cores) + " cores";
}

}  // namespace

FatTreeShape fat_tree_of(std::int32_t k) {
  assert(k > 0 && k % 2 == 0);
  return {k, k / 2, k / 2, k / 2, k / 2};
}

std::int32_t smallest_fat_tree(std::int64_t nics) {
  std::int64_t k = 2;
  while (k * k * k / 4 < nics) k += 2;
  return static_cast<std::int32_t>(k);
}

std::int64_t nic_places(const FatTreeSpec& spec) {
  return std::int64_t{spec.shape.pods} * spec.shape.edges * spec.shape.nics_per_edge;
}

std::int64_t cable_count(const FatTreeSpec& spec) {
  const FatTreeShape& shape = spec.shape;
  return std::int64_t{shape.pods} * shape.aggregations * (shape.edges + shape.cores);
}

Topology fat_tree(const FatTreeSpec& spec, std::int32_t nodes) {
  assert(std::int64_t{nodes} * spec.node.nics <= nic_places(spec));
  return join_nodes({"fat-tree", in_words(spec.shape), spec.node, nodes},
                    [&](Topology& topology) { return std::make_unique<FatTree>(topology, spec); });
}

}  // namespace kvferry::topologies
