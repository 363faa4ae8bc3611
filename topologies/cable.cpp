#include "topologies/cable.hpp"

#include <utility>

namespace kvferry::topologies {
namespace {

std::pair<const char*, const char*> words(Directions directions) {
  switch (directions) {
    case Directions::out_in:
      return {"-out", "-in"};
    case Directions::up_down:
      return {"-up", "-down"};
    case Directions::forward_backward:
      return {"-forward", "-backward"};
  }
  return {};
}

}  // namespace

LinkId add_cable(Topology& topology, const Cable& cable, const CableSpec& spec,
                 Directions directions) {
  const auto first = static_cast<LinkId>(topology.links.size());
  const auto [there, back] = words(directions);
  topology.links.push_back(
      {cable.name + there, spec.bandwidth, spec.latency, cable.from, cable.to});
  topology.links.push_back({cable.name + back, spec.bandwidth, spec.latency, cable.to, cable.from});
  return first;
}

VertexId add_vertex(Topology& topology, std::string name, VertexKind kind) {
  topology.vertices.push_back({std::move(name), kind});
  return static_cast<VertexId>(topology.vertices.size() - 1);
}

CableSpec uplink(const Uplinks& spec, BytesPerSecond from_below, std::int32_t count) {
  const BytesPerSecond share = from_below * (1 / (spec.oversubscription * count));
  return {spec.bandwidth.value_or(share), spec.latency};
}

}  // namespace kvferry::topologies
