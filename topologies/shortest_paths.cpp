#include "topologies/shortest_paths.hpp"

#include <algorithm>

namespace kvferry::topologies {
namespace {

constexpr std::int32_t kMostPaths = 1'000'000;

std::size_t index(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

}  // namespace

std::span<const ShortestPaths::End> ShortestPaths::Adjacency::of(VertexId vertex) const {
  const auto begin = index(first[index(vertex)]);
  return std::span(ends).subspan(begin, index(first[index(vertex) + 1]) - begin);
}

ShortestPaths::Adjacency ShortestPaths::adjacency(const Topology& topology, VertexId Link::*at,
                                                  VertexId Link::*other) {
  Adjacency result;
  result.first.assign(topology.vertices.size() + 1, 0);
  for (const Link& link : topology.links) ++result.first[index(link.*at) + 1];
  for (std::size_t i = 1; i < result.first.size(); ++i) result.first[i] += result.first[i - 1];
  result.ends.resize(topology.links.size());
  std::vector<std::int32_t> next(result.first.begin(), result.first.end() - 1);
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    const Link& link = topology.links[i];
    result.ends[index(next[index(link.*at)]++)] = {link.*other, static_cast<LinkId>(i)};
  }
  return result;
}

ShortestPaths::ShortestPaths(const Topology& topology, std::size_t known_values)
    : gpu_count_(topology.gpu_count),
      leaving_(adjacency(topology, &Link::from, &Link::to)),
      arriving_(adjacency(topology, &Link::to, &Link::from)),
      place_of_target_(index(topology.gpu_count), -1) {
  const std::size_t places = known_values / (2 * topology.vertices.size());
  known_.resize(std::clamp<std::size_t>(places, 1, index(std::max(1, topology.gpu_count))));
  target_of_place_.assign(known_.size(), -1);
}

// Breadth first, from the target backwards: when a vertex is taken from the queue, all its paths have
// been counted.
void ShortestPaths::explore(VertexId target, Target& known) const {
  known.distance.assign(leaving_.first.size() - 1, -1);
  known.paths.assign(leaving_.first.size() - 1, 0);
  known.distance[index(target)] = 0;
  known.paths[index(target)] = 1;
  queue_.assign(1, target);
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    const VertexId vertex = queue_[i];
    if (!passable(vertex, target)) continue;
    const std::int32_t further = known.distance[index(vertex)] + 1;
    for (const End& end : arriving_.of(vertex)) {
      std::int32_t& distance = known.distance[index(end.vertex)];
      if (distance < 0) {
        distance = further;
        queue_.push_back(end.vertex);
      }
      std::int32_t& paths = known.paths[index(end.vertex)];
      if (distance == further) paths = std::min(paths + known.paths[index(vertex)], kMostPaths);
    }
  }
}

// When there is no place left, the target that has been known for longest is forgotten.
const ShortestPaths::Target& ShortestPaths::about(GpuId target) const {
  std::int32_t& place = place_of_target_[index(target)];
  if (place < 0) {
    GpuId& occupant = target_of_place_[next_place_];
    if (occupant >= 0) place_of_target_[index(occupant)] = -1;
    occupant = target;
    place = static_cast<std::int32_t>(next_place_);
    next_place_ = (next_place_ + 1) % known_.size();
    explore(target, known_[index(place)]);
  }
  return known_[index(place)];
}

std::int32_t ShortestPaths::count(GpuId from, GpuId to) const {
  return about(to).paths[index(from)];
}

void ShortestPaths::append(GpuId from, GpuId to, std::int32_t choice,
                           std::vector<LinkId>& path) const {
  const Target& known = about(to);
  VertexId at = from;
  while (at != to) {
    for (const End& end : leaving_.of(at)) {
      const bool is_nearer = known.distance[index(end.vertex)] == known.distance[index(at)] - 1;
      if (!is_nearer || !passable(end.vertex, to)) continue;
      const std::int32_t paths = known.paths[index(end.vertex)];
      if (choice >= paths) {
        choice -= paths;
        continue;
      }
      path.push_back(end.link);
      at = end.vertex;
      break;
    }
  }
}

}  // namespace kvferry::topologies
