#include "topologies/spines.hpp"

namespace kvferry::topologies {

Spines::Spines(Topology& topology, const std::string& leaf_name, std::int32_t leaves,
               std::int32_t spines, const CableSpec& cable)
    : spines_(spines),
      first_leaf_(static_cast<VertexId>(topology.vertices.size())),
      first_uplink_(static_cast<LinkId>(topology.links.size())) {
  const auto leaf_label = [&](std::int32_t i) { return leaf_name + std::to_string(i); };
  const auto spine_label = [](std::int32_t i) { return "spine" + std::to_string(i); };
  for (std::int32_t i = 0; i < leaves; ++i)
    add_vertex(topology, leaf_label(i), VertexKind::fabric_switch);
  const VertexId first_spine = first_leaf_ + leaves;
  for (std::int32_t i = 0; i < spines; ++i)
    add_vertex(topology, spine_label(i), VertexKind::fabric_switch);
  for (std::int32_t i = 0; i < leaves; ++i) {
    for (std::int32_t j = 0; j < spines; ++j) {
      add_cable(topology, {leaf_label(i) + "-" + spine_label(j), leaf(i), first_spine + j}, cable,
                Directions::up_down);
    }
  }
}

void Spines::append_path(std::int32_t from_leaf, std::int32_t to_leaf, std::int32_t choice,
                         std::vector<LinkId>& path) const {
  if (from_leaf == to_leaf) return;
  path.push_back(first_uplink_ + 2 * (from_leaf * spines_ + choice));
  path.push_back(first_uplink_ + 2 * (to_leaf * spines_ + choice) + 1);
}

}  // namespace kvferry::topologies
