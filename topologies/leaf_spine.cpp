#include "topologies/leaf_spine.hpp"

#include "topologies/nodes_on_fabric.hpp"
#include "topologies/spines.hpp"

namespace kvferry::topologies {
namespace {

class LeafSpine final : public Fabric {
 public:
  LeafSpine(const Spines& spines, std::int32_t nics_per_leaf)
      : spines_(spines), nics_per_leaf_(nics_per_leaf) {}

  VertexId switch_of(NicId nic) const override { return spines_.leaf(leaf_of(nic)); }
  std::int32_t path_count(NicId from, NicId to) const override {
    return spines_.path_count(leaf_of(from), leaf_of(to));
  }
  void append_path(NicId from, NicId to, std::int32_t choice,
                   std::vector<LinkId>& path) const override {
    spines_.append_path(leaf_of(from), leaf_of(to), choice, path);
  }

 private:
  std::int32_t leaf_of(NicId nic) const { return nic / nics_per_leaf_; }

  Spines spines_;
  std::int32_t nics_per_leaf_;
};

}  // namespace

Topology leaf_spine(const LeafSpineSpec& spec, std::int32_t nodes) {
  const std::int32_t leaves = (nodes + spec.nodes_per_leaf - 1) / spec.nodes_per_leaf;
  const std::int32_t nics_per_leaf = spec.nodes_per_leaf * spec.node.nics;
  const CableSpec cable =
      uplink(spec.uplinks, spec.node.nic.bandwidth * nics_per_leaf, spec.spines);
  const std::string words =
      std::to_string(leaves) + " leaves, " + std::to_string(spec.spines) + " spines";
  return join_nodes({"leaf-spine", words, spec.node, nodes}, [&](Topology& topology) {
    return std::make_unique<LeafSpine>(Spines(topology, "leaf", leaves, spec.spines, cable),
                                       nics_per_leaf);
  });
}

}  // namespace kvferry::topologies
