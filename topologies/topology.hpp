// A topology is a value: GPUs, links with capacity and latency, and a rule that gives the links
// from one GPU to another. It knows nothing of the simulator. Presets build it: two_tier.hpp,
// point_to_point.hpp.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace kvferry::topologies {

using GpuId = std::int32_t;
using LinkId = std::int32_t;

/// One direction of a cable.
struct Link {
  std::string name;
  BytesPerSecond capacity;  ///< above zero
  Seconds latency;
};

struct Topology {
  std::string preset;
  std::string description;  ///< one line for people
  GpuId gpu_count{};
  std::vector<Link> links;
  /// Appends the links from one GPU to another, in order. Both exist and differ.
  std::function<void(GpuId from, GpuId to, std::vector<LinkId>& path)> append_route;

  std::vector<LinkId> route(GpuId from, GpuId to) const {
    std::vector<LinkId> path;
    append_route(from, to, path);
    return path;
  }
};

/// Sum of the latencies along a path.
Seconds path_latency(const Topology& topology, std::span<const LinkId> path);

}  // namespace kvferry::topologies
