// What a picture of a network shows: vertices, some of which stand for several, and the cables
// between them.
//
// A large network is abbreviated: the first node of each role is drawn in detail, the others are one
// vertex for each role; switches that no drawn node is plugged into are one vertex for each kind.
#pragma once

#include "sim/placement.hpp"
#include "topologies/topology.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::cli {

/// Networks of at most so many vertices are drawn whole.
inline constexpr std::size_t kDrawnWhole = 64;

/// Of one direction of the cables between two drawn vertices.
struct DrawnDirection {
  std::int32_t links = 0;
  BytesPerSecond least{};
  BytesPerSecond most{};
  double busiest = 0;  ///< share of the busiest one's time, 0 to 1
};

struct DrawnVertex {
  std::string label;
  topologies::VertexKind kind = topologies::VertexKind::gpu;
  std::optional<std::int32_t> node = {};  ///< in whose box it is drawn
  bool stands_for_many = false;
  DrawnDirection inside = {};  ///< of host memory: the link that what bounces passes
};

/// `from` is nearer to the GPUs, or their NVSwitch, than `to`.
struct DrawnEdge {
  std::size_t from;
  std::size_t to;
  DrawnDirection forward = {};
  DrawnDirection backward = {};
};

struct Drawing {
  std::string title;
  std::vector<DrawnVertex> vertices;
  std::vector<DrawnEdge> edges;
  std::vector<std::string> node_labels;  ///< of each node
  bool has_load = false;
  bool between_equals = false;  ///< switches are joined to others like them, not in tiers
};

/// @param load of each link, or empty  @param drawn_whole as kDrawnWhole
Drawing draw(const sim::SimulationConfig& config, const sim::Placement& placement,
             const std::vector<double>& load, std::size_t drawn_whole);

}  // namespace kvferry::cli
