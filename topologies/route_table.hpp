// A topology of which only the routes are known: which links lead from one GPU to another, as
// something else has told. It takes memory in proportion to the pairs of GPUs that have routes.
#pragma once

#include "topologies/topology.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvferry::topologies {

/// The GPUs between which routes are asked for. Those from targets back to sources are known, too.
struct RoutedPairs {
  std::vector<GpuId> sources;  ///< none of them among the targets
  std::vector<GpuId> targets;

  std::size_t count() const { return sources.size() * targets.size(); }
};

struct RouteTable {
  std::vector<std::string> gpus;  ///< their names, by id
  /// Those of the routes, without ends. One that routes take in both directions is shared by them.
  std::vector<Link> links;
  RoutedPairs pairs;
  /// One after the other: from the first source to each target, from the next one, and so on; then
  /// from each target to the first source, and so on.
  std::vector<LinkId> links_of_routes;
  std::vector<std::size_t> first;  ///< of each route in there, and one more

  std::span<const LinkId> route(std::size_t number) const {
    return std::span(links_of_routes).subspan(first[number], first[number + 1] - first[number]);
  }
};

struct RoutedSpec {
  std::string preset;
  std::string origin;  ///< of the routes, for people
  std::int32_t gpus_per_node = 1;
  std::shared_ptr<const RouteTable> table;  ///< never null
};

/// The capacity of the slowest link that a route begins with; infinite when there is no route.
BytesPerSecond slowest_end(const RouteTable& table);

/// Its vertices are the GPUs, and what the routes show to stand between links.
/// @pre gpus_per_node * nodes <= table->gpus.size(); all pairs are among these, and no route is empty
Topology routed(const RoutedSpec& spec, std::int32_t nodes);

}  // namespace kvferry::topologies
