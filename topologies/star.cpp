#include "topologies/star.hpp"

#include "topologies/nodes_on_fabric.hpp"

namespace kvferry::topologies {
namespace {

class Star final : public Fabric {
 public:
  explicit Star(Topology& topology)
      : switch_(add_vertex(topology, "switch", VertexKind::fabric_switch)) {}

  VertexId switch_of(NicId) const override { return switch_; }
  std::int32_t path_count(NicId, NicId) const override { return 1; }
  void append_path(NicId, NicId, std::int32_t, std::vector<LinkId>&) const override {}

 private:
  VertexId switch_;
};

}  // namespace

Topology star(const StarSpec& spec, std::int32_t nodes) {
  return join_nodes({"star", "one switch", spec.node, nodes},
                    [](Topology& topology) { return std::make_unique<Star>(topology); });
}

}  // namespace kvferry::topologies
