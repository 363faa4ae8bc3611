// What joins the NICs of different nodes: switches, and the links between them. The NICs' own links
// are not part of it.
#pragma once

#include "topologies/topology.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::topologies {

class Fabric {
 public:
  Fabric() = default;
  Fabric(const Fabric&) = delete;
  Fabric& operator=(const Fabric&) = delete;
  virtual ~Fabric() = default;

  /// The switch that this NIC is plugged into.
  virtual VertexId switch_of(NicId nic) const = 0;

  /// How many paths of the same length lead from one NIC's switch to the other's; 1 when they are
  /// the same.
  virtual std::int32_t path_count(NicId from, NicId to) const = 0;

  /// Appends the links between the two switches. @pre choice < path_count
  virtual void append_path(NicId from, NicId to, std::int32_t choice,
                           std::vector<LinkId>& path) const = 0;
};

}  // namespace kvferry::topologies
