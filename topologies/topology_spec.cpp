#include "topologies/topology_spec.hpp"

#include <algorithm>
#include <type_traits>

namespace kvferry::topologies {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

// A spec whose nodes have an inside of their own.
template <typename Spec>
concept HasNode = requires(const Spec& spec) {
  spec.node;
};

// One whose number of switches does not depend on the nodes in use.
template <typename Spec>
concept HasFixedSize = HasNode<Spec> && requires(const Spec& spec) {
  nic_places(spec);
};

std::int64_t switch_cables(const StarSpec&, std::int64_t) {
  return 0;
}
std::int64_t switch_cables(const LeafSpineSpec& spec, std::int64_t nodes) {
  return (nodes + spec.nodes_per_leaf - 1) / spec.nodes_per_leaf * spec.spines;
}
std::int64_t switch_cables(const RailOptimisedSpec& spec, std::int64_t) {
  return std::int64_t{spec.node.nics} * spec.spines;
}
std::int64_t switch_cables(const HasFixedSize auto& spec, std::int64_t) {
  return cable_count(spec);
}

Topology build_one(TwoTierSpec spec, std::int32_t nodes) {
  spec.nodes = nodes;
  return two_tier(spec);
}
Topology build_one(const PointToPointSpec& spec, std::int32_t) {
  return point_to_point(spec);
}
Topology build_one(const StarSpec& spec, std::int32_t nodes) {
  return star(spec, nodes);
}
Topology build_one(const LeafSpineSpec& spec, std::int32_t nodes) {
  return leaf_spine(spec, nodes);
}
Topology build_one(const FatTreeSpec& spec, std::int32_t nodes) {
  return fat_tree(spec, nodes);
}
Topology build_one(const RailOptimisedSpec& spec, std::int32_t nodes) {
  return rail_optimised(spec, nodes);
}
Topology build_one(const DragonflySpec& spec, std::int32_t nodes) {
  return dragonfly(spec, nodes);
}
Topology build_one(const TorusSpec& spec, std::int32_t nodes) {
  return torus(spec, nodes);
}
Topology build_one(const ExplicitSpec& spec, std::int32_t) {
  return explicit_list(spec);
}
Topology build_one(const RoutedSpec& spec, std::int32_t nodes) {
  return routed(spec, nodes);
}

}  // namespace

std::optional<std::int32_t> gpus_per_node(const TopologySpec& spec) {
  using Count = std::optional<std::int32_t>;
  return std::visit(Overloaded{[](const PointToPointSpec&) { return Count{}; },
                               [](const TwoTierSpec& s) { return Count{s.gpus_per_node}; },
                               [](const ExplicitSpec& s) { return Count{s.gpus_per_node}; },
                               [](const RoutedSpec& s) { return Count{s.gpus_per_node}; },
                               [](const HasNode auto& s) { return Count{s.node.gpus}; }},
                    spec);
}

std::optional<std::int64_t> node_places(const TopologySpec& spec) {
  using Count = std::optional<std::int64_t>;
  return std::visit(
      Overloaded{[](const ExplicitSpec& s) { return Count{gpu_count(s) / s.gpus_per_node}; },
                 [](const RoutedSpec& s) {
                   return Count{static_cast<std::int64_t>(s.table->gpus.size()) / s.gpus_per_node};
                 },
                 [](const HasFixedSize auto& s) { return Count{nic_places(s) / s.node.nics}; },
                 [](const auto&) { return Count{}; }},
      spec);
}

std::int64_t link_count(const TopologySpec& spec, std::int64_t nodes) {
  return std::visit(
      Overloaded{
          [](const PointToPointSpec&) { return std::int64_t{2}; },
          [](const ExplicitSpec& s) { return static_cast<std::int64_t>(s.links.size()); },
          [](const RoutedSpec& s) { return static_cast<std::int64_t>(s.table->links.size()); },
          [&](const TwoTierSpec& s) {
            return nodes * (4 * s.gpus_per_node + (s.oversubscription > 1 ? 2 : 0));
          },
          [&](const HasNode auto& s) {
            return nodes * links_per_node(s.node) + 2 * switch_cables(s, nodes);
          }},
      spec);
}

BytesPerSecond nic_bandwidth(const TopologySpec& spec) {
  return std::visit(Overloaded{[](const ExplicitSpec& s) { return slowest_nic(s); },
                               [](const RoutedSpec& s) { return slowest_end(*s.table); },
                               [](const HasNode auto& s) { return s.node.nic.bandwidth; },
                               [](const auto& s) { return s.link_bandwidth; }},
                    spec);
}

std::optional<BytesPerSecond> pcie_inside(const TopologySpec& spec) {
  using Rate = std::optional<BytesPerSecond>;
  return std::visit(Overloaded{[](const HasNode auto& s) {
                                 const bool pcie = s.node.gpu_links == GpuLinks::pcie;
                                 return pcie && s.node.pcie ? Rate{s.node.pcie->bandwidth} : Rate{};
                               },
                               [](const auto&) { return Rate{}; }},
                    spec);
}

Topology build(const TopologySpec& spec, std::int32_t nodes) {
  return std::visit([&](const auto& one) { return build_one(one, nodes); }, spec);
}

}  // namespace kvferry::topologies
