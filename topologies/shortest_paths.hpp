// Paths of the fewest links between GPUs of any graph. GPUs are ends only: nothing passes through
// one.
//
// What is known of a target (how far each vertex is from it, and by how many paths) is worked out when
// it is first asked for, in time proportional to the links, and kept in memory of bounded size.
#pragma once

#include "topologies/topology.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::topologies {

class ShortestPaths {
 public:
  /// @param known_values how many numbers may be kept: two per vertex and target, but always those of
  /// one target
  explicit ShortestPaths(const Topology& topology, std::size_t known_values = 16'000'000);

  /// 0 when there is none; counts above a million are cut there.
  std::int32_t count(GpuId from, GpuId to) const;

  /// @pre choice < count(from, to)
  void append(GpuId from, GpuId to, std::int32_t choice, std::vector<LinkId>& path) const;

 private:
  /// Of every vertex, about one target.
  struct Target {
    std::vector<std::int32_t> distance;  ///< in links; -1: it is out of reach
    std::vector<std::int32_t> paths;
  };
  struct End {
    VertexId vertex;
    LinkId link;
  };
  /// The links at each vertex, in the order of their ids.
  struct Adjacency {
    std::vector<std::int32_t> first;  ///< of each vertex, and one more
    std::vector<End> ends;
    std::span<const End> of(VertexId vertex) const;
  };
  static Adjacency adjacency(const Topology& topology, VertexId Link::*at, VertexId Link::*other);

  const Target& about(GpuId target) const;
  void explore(VertexId target, Target& known) const;
  bool passable(VertexId vertex, VertexId target) const {
    return vertex == target || vertex >= gpu_count_;
  }

  GpuId gpu_count_;
  Adjacency leaving_;
  Adjacency arriving_;
  // Kept from call to call; the answers do not depend on it.
  mutable std::vector<Target> known_;
  mutable std::vector<GpuId> target_of_place_;
  mutable std::vector<std::int32_t> place_of_target_;  ///< in known_; -1: not there
  mutable std::size_t next_place_ = 0;
  mutable std::vector<VertexId> queue_;
};

}  // namespace kvferry::topologies
