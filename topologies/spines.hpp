// Switches that all have an uplink to each of some spines: the upper part of leaf_spine.hpp and
// rail_optimised.hpp.
#pragma once

#include "topologies/cable.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::topologies {

class Spines {
 public:
  /// Adds `leaves` switches, "<leaf_name>0" and so on, `spines` spines and a cable of each to each.
  Spines(Topology& topology, const std::string& leaf_name, std::int32_t leaves, std::int32_t spines,
         const CableSpec& cable);

  VertexId leaf(std::int32_t leaf) const { return first_leaf_ + leaf; }
  std::int32_t path_count(std::int32_t from_leaf, std::int32_t to_leaf) const {
    return from_leaf == to_leaf ? 1 : spines_;
  }
  void append_path(std::int32_t from_leaf, std::int32_t to_leaf, std::int32_t choice,
                   std::vector<LinkId>& path) const;

 private:
  std::int32_t spines_;
  VertexId first_leaf_;
  LinkId first_uplink_;
};

}  // namespace kvferry::topologies
