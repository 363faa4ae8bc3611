#include "topologies/explicit_list.hpp"

#include "topologies/shortest_paths.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <memory>

namespace kvferry::topologies {
namespace {

std::size_t index(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

// GPU g is vertex g of a topology: where each vertex of the list is to stand.
std::vector<VertexId> gpus_first(const std::vector<Vertex>& vertices) {
  std::vector<VertexId> ids(vertices.size());
  VertexId next = 0;
  for (const bool gpus : {true, false}) {
    for (std::size_t i = 0; i < vertices.size(); ++i) {
      if ((vertices[i].kind == VertexKind::gpu) == gpus) ids[i] = next++;
    }
  }
  return ids;
}

using Neighbours = std::vector<std::vector<VertexId>>;

Neighbours neighbours_of(const ExplicitSpec& spec) {
  Neighbours neighbours(spec.vertices.size());
  for (const Link& link : spec.links) neighbours[index(link.from)].push_back(link.to);
  return neighbours;
}

/// Finds the nearest NIC of one vertex after the other.
class NicSearch {
 public:
  explicit NicSearch(const ExplicitSpec& spec)
      : spec_(spec), neighbours_(neighbours_of(spec)), seen_by_(spec.vertices.size(), -1) {}

  /// -1: none.
  VertexId nearest(VertexId gpu) {
    queue_.assign(1, gpu);
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      for (const VertexId next : neighbours_[index(queue_[i])]) {
        if (seen_by_[index(next)] == gpu) continue;
        seen_by_[index(next)] = gpu;
        const VertexKind kind = spec_.vertices[index(next)].kind;
        if (kind == VertexKind::nic) return next;
        if (kind == VertexKind::node_switch || kind == VertexKind::host_memory)
          queue_.push_back(next);
      }
    }
    return -1;
  }

 private:
  const ExplicitSpec& spec_;
  Neighbours neighbours_;
  std::vector<VertexId> seen_by_;
  std::vector<VertexId> queue_;
};

}  // namespace

std::int32_t gpu_count(const ExplicitSpec& spec) {
  return static_cast<std::int32_t>(
      std::ranges::count(spec.vertices, VertexKind::gpu, &Vertex::kind));
}

std::vector<NicId> nearest_nics(const ExplicitSpec& spec) {
  std::vector<NicId> number(spec.vertices.size(), -1);
  NicId count = 0;
  for (std::size_t i = 0; i < spec.vertices.size(); ++i) {
    if (spec.vertices[i].kind == VertexKind::nic) number[i] = count++;
  }
  NicSearch search(spec);
  std::vector<NicId> nics;
  for (std::size_t i = 0; i < spec.vertices.size(); ++i) {
    if (spec.vertices[i].kind != VertexKind::gpu) continue;
    const VertexId nic = search.nearest(static_cast<VertexId>(i));
    nics.push_back(nic < 0 ? -1 : number[index(nic)]);
  }
  return nics;
}

BytesPerSecond slowest_nic(const ExplicitSpec& spec) {
  BytesPerSecond slowest{std::numeric_limits<double>::infinity()};
  for (const Link& link : spec.links) {
    if (spec.vertices[index(link.from)].kind == VertexKind::nic)
      slowest = std::min(slowest, link.capacity);
  }
  return slowest;
}

Topology explicit_list(const ExplicitSpec& spec) {
  Topology topology;
  topology.preset = "explicit";
  topology.gpu_count = gpu_count(spec);
  topology.gpus_per_node = spec.gpus_per_node;
  topology.nic_of_gpu = nearest_nics(spec);
  topology.nic_count =
      static_cast<NicId>(std::ranges::count(spec.vertices, VertexKind::nic, &Vertex::kind));
  topology.description = std::to_string(topology.gpu_count) + " GPUs, " +
                         std::to_string(spec.vertices.size()) + " vertices and " +
                         std::to_string(spec.links.size()) + " links, as listed";
  const std::vector<VertexId> ids = gpus_first(spec.vertices);
  topology.vertices.resize(spec.vertices.size());
  for (std::size_t i = 0; i < ids.size(); ++i) topology.vertices[index(ids[i])] = spec.vertices[i];
  for (Link link : spec.links) {
    link.from = ids[index(link.from)];
    link.to = ids[index(link.to)];
    topology.links.push_back(std::move(link));
  }
  const auto paths = std::make_shared<const ShortestPaths>(topology);
  topology.path_count = [paths](GpuId from, GpuId to) { return paths->count(from, to); };
  topology.append_path = [paths](GpuId from, GpuId to, std::int32_t choice,
                                 std::vector<LinkId>& path) {
    paths->append(from, to, choice, path);
  };
  return topology;
}

}  // namespace kvferry::topologies
