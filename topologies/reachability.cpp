#include "topologies/reachability.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace kvferry::topologies {
namespace {

std::size_t index(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

using Marks = std::vector<char>;  ///< of each vertex
using Neighbours = std::vector<std::vector<VertexId>>;

Neighbours neighbours_of(const Topology& topology, VertexId Link::*at, VertexId Link::*other) {
  Neighbours neighbours(topology.vertices.size());
  for (const Link& link : topology.links) neighbours[index(link.*at)].push_back(link.*other);
  return neighbours;
}

// The vertices to which links lead from `start`; nothing passes through a GPU.
Marks reached(VertexId start, const Neighbours& neighbours, GpuId gpu_count) {
  Marks marks(neighbours.size(), 0);
  std::vector<VertexId> queue{start};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (i > 0 && queue[i] < gpu_count) continue;
    for (const VertexId next : neighbours[index(queue[i])]) {
      if (marks[index(next)] != 0) continue;
      marks[index(next)] = 1;
      queue.push_back(next);
    }
  }
  return marks;
}

bool all_marked(std::span<const GpuId> gpus, const Marks& marks) {
  return std::ranges::all_of(gpus, [&](GpuId gpu) { return marks[index(gpu)] != 0; });
}

std::optional<std::pair<GpuId, GpuId>> unreachable_from(GpuId source,
                                                        std::span<const GpuId> targets,
                                                        const Marks& marks) {
  for (const GpuId target : targets) {
    if (target != source && marks[index(target)] == 0) return std::pair{source, target};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::pair<GpuId, GpuId>> unreachable_pair(const Topology& topology,
                                                        std::span<const GpuId> sources,
                                                        std::span<const GpuId> targets) {
  if (sources.empty() || targets.empty()) return std::nullopt;
  const Neighbours leaving = neighbours_of(topology, &Link::from, &Link::to);
  const Neighbours arriving = neighbours_of(topology, &Link::to, &Link::from);
  const auto from = [&](VertexId start) { return reached(start, leaving, topology.gpu_count); };
  const auto towards = [&](VertexId end) { return reached(end, arriving, topology.gpu_count); };
  if (const auto pair = unreachable_from(sources.front(), targets, from(sources.front())))
    return pair;
  if (sources.front() == targets.front()) targets = targets.subspan(1);
  if (targets.empty()) return std::nullopt;
  // If all pass through one vertex, it is on the way of the first pair.
  std::vector<LinkId> path = topology.path(sources.front(), targets.front());
  for (const LinkId link : path) {
    const VertexId hub = topology.links[index(link)].to;
    if (hub < topology.gpu_count) continue;
    if (all_marked(sources, towards(hub)) && all_marked(targets, from(hub))) return std::nullopt;
  }
  for (const GpuId source : sources) {
    if (const auto pair = unreachable_from(source, targets, from(source))) return pair;
  }
  return std::nullopt;
}

}  // namespace kvferry::topologies
