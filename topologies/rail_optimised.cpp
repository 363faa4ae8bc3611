#include "topologies/rail_optimised.hpp"

#include "topologies/spines.hpp"

namespace kvferry::topologies {
namespace {

class Rails final : public Fabric {
 public:
  Rails(const Spines& spines, std::int32_t rails) : spines_(spines), rails_(rails) {}

  VertexId switch_of(NicId nic) const override { return spines_.leaf(rail_of(nic)); }
  std::int32_t path_count(NicId from, NicId to) const override {
    return spines_.path_count(rail_of(from), rail_of(to));
  }
  void append_path(NicId from, NicId to, std::int32_t choice,
                   std::vector<LinkId>& path) const override {
    spines_.append_path(rail_of(from), rail_of(to), choice, path);
  }

 private:
  std::int32_t rail_of(NicId nic) const { return nic % rails_; }

  Spines spines_;
  std::int32_t rails_;
};

std::string in_words(const RailOptimisedSpec& spec) {
  std::string words = std::to_string(spec.node.nics) + " rails";
  if (spec.spines > 0) words += ", " + std::to_string(spec.spines) + " spines";
  if (spec.cross_rail == CrossRail::pxn) words += ", PXN";
  return words;
}

}  // namespace

Topology rail_optimised(const RailOptimisedSpec& spec, std::int32_t nodes) {
  const CableSpec cable = uplink(spec.uplinks, spec.node.nic.bandwidth * nodes, spec.spines);
  return join_nodes({"rail-optimised", in_words(spec), spec.node, nodes, spec.cross_rail},
                    [&](Topology& topology) {
                      return std::make_unique<Rails>(
                          Spines(topology, "rail", spec.node.nics, spec.spines, cable),
                          spec.node.nics);
                    });
}

}  // namespace kvferry::topologies
