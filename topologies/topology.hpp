// A topology is a value: what there is (GPUs, NICs, switches), the links between them with capacity
// and latency, and a rule that gives the paths from one GPU to another. It knows nothing of the
// simulator. Presets build it: two_tier.hpp, point_to_point.hpp.
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
using NicId = std::int32_t;
using VertexId = std::int32_t;

enum class VertexKind : std::uint8_t {
  gpu,
  nic,
  host_memory,    ///< where bytes bounce that no NIC reads from a GPU
  node_switch,    ///< inside a node: NVSwitch, PCIe
  fabric_switch,  ///< between nodes
};

/// What links join.
struct Vertex {
  std::string name;
  VertexKind kind;
};

/// One direction of a cable.
struct Link {
  std::string name;
  BytesPerSecond capacity;  ///< above zero
  Seconds latency;
  VertexId from = -1;
  VertexId to = -1;
};

struct Topology {
  std::string preset;
  std::string description;  ///< one line for people
  GpuId gpu_count{};
  std::int32_t gpus_per_node = 1;  ///< GPU g sits in node g / gpus_per_node
  std::vector<Vertex> vertices;    ///< GPU g is vertex g
  std::vector<Link> links;
  NicId nic_count{};
  std::vector<NicId> nic_of_gpu;  ///< through which it reaches other nodes

  /// How many paths of the same cost lead from one GPU to another; 0: they are not connected.
  std::function<std::int32_t(GpuId from, GpuId to)> path_count;
  /// Appends the links of one of these paths, in order. @pre from != to, choice < path_count
  std::function<void(GpuId from, GpuId to, std::int32_t choice, std::vector<LinkId>& path)>
      append_path;

  std::vector<LinkId> path(GpuId from, GpuId to, std::int32_t choice = 0) const {
    std::vector<LinkId> links_on_it;
    append_path(from, to, choice, links_on_it);
    return links_on_it;
  }
};

/// Whether the link brings what comes from other nodes to a NIC, or to what stands for one.
bool enters_node(const Topology& topology, const Link& link);

/// Sum of the latencies along a path.
Seconds path_latency(const Topology& topology, std::span<const LinkId> path);

/// For topologies without a choice. Both exist and differ.
void set_only_path(Topology& topology,
                   std::function<void(GpuId from, GpuId to, std::vector<LinkId>& path)> append);

/// Every GPU has a NIC of its own, with its number.
void give_each_gpu_a_nic(Topology& topology);

}  // namespace kvferry::topologies
