// Cables: two links, one per direction, with consecutive ids.
#pragma once

#include "topologies/topology.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kvferry::topologies {

/// Of each direction.
struct CableSpec {
  BytesPerSecond bandwidth;  ///< above zero
  Seconds latency;
};

/// The first link leads from `from` to `to`, the second one back.
struct Cable {
  std::string name;
  VertexId from;
  VertexId to;
};

/// What follows the cable's name in those of its links.
enum class Directions : std::uint8_t {
  out_in,            ///< of a GPU or NIC: "-out", "-in"
  up_down,           ///< towards the core and back: "-up", "-down"
  forward_backward,  ///< between equals
};

/// The id of the first link; the other has the next one.
LinkId add_cable(Topology& topology, const Cable& cable, const CableSpec& spec,
                 Directions directions);

VertexId add_vertex(Topology& topology, std::string name, VertexKind kind);

/// The cables by which a switch reaches the next tier: as wide as stated, or else so wide that all
/// of them together carry what comes from below, divided by the oversubscription.
struct Uplinks {
  double oversubscription = 1;
  std::optional<BytesPerSecond> bandwidth = {};  ///< of each
  Seconds latency = {};
};

/// One of `count` uplinks of a switch that can get `from_below`.
CableSpec uplink(const Uplinks& spec, BytesPerSecond from_below, std::int32_t count);

}  // namespace kvferry::topologies
