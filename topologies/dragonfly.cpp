#include "topologies/dragonfly.hpp"

#include "topologies/nodes_on_fabric.hpp"

#include <algorithm>
#include <cassert>

namespace kvferry::topologies {
namespace {

class Dragonfly final : public Fabric {
 public:
  Dragonfly(Topology& topology, const DragonflySpec& spec)
      : groups_(spec.groups),
        routers_(spec.routers),
        nics_per_router_(spec.nics_per_router),
        global_ports_(spec.global_ports),
        cables_(static_cast<std::int32_t>(cables_per_pair(spec))),
        first_router_(static_cast<VertexId>(topology.vertices.size())) {
    for (std::int32_t i = 0; i < groups_ * routers_; ++i)
      add_vertex(topology, router_name(i), VertexKind::fabric_switch);
    add_local_cables(topology, spec.local);
    add_global_cables(topology, spec.global);
  }

  VertexId switch_of(NicId nic) const override { return first_router_ + router_of(nic); }

  std::int32_t path_count(NicId from_nic, NicId to_nic) const override {
    const std::int32_t from = router_of(from_nic);
    const std::int32_t to = router_of(to_nic);
    if (group_of(from) == group_of(to)) return 1;
    const std::int32_t least = fewest_local_hops(from, to);
    std::int32_t count = 0;
    for (std::int32_t cable = 0; cable < cables_; ++cable) {
      if (local_hops(from, to, cable) == least) ++count;
    }
    return count;
  }

  void append_path(NicId from_nic, NicId to_nic, std::int32_t choice,
                   std::vector<LinkId>& path) const override {
    const std::int32_t from = router_of(from_nic);
    const std::int32_t to = router_of(to_nic);
    if (group_of(from) == group_of(to)) {
      append_local(from, to, path);
      return;
    }
    const std::int32_t cable = chosen_cable(from, to, choice);
    append_local(from, gateway(group_of(from), group_of(to), cable), path);
    path.push_back(global_link(group_of(from), group_of(to), cable));
    append_local(gateway(group_of(to), group_of(from), cable), to, path);
  }

 private:
  static std::string router_name(std::int32_t router) { return "router" + std::to_string(router); }
  std::int32_t router_of(NicId nic) const { return nic / nics_per_router_; }
  std::int32_t group_of(std::int32_t router) const { return router / routers_; }

  // The router of `group` on which one of its cables to the other group ends: the ports of a group
  // serve the groups behind it in turn.
  std::int32_t gateway(std::int32_t group, std::int32_t other, std::int32_t cable) const {
    const std::int32_t turn = (other - group - 1 + groups_) % groups_;
    return group * routers_ + (turn * cables_ + cable) / global_ports_;
  }

  std::int32_t local_hops(std::int32_t from, std::int32_t to, std::int32_t cable) const {
    return static_cast<std::int32_t>(gateway(group_of(from), group_of(to), cable) != from) +
           static_cast<std::int32_t>(gateway(group_of(to), group_of(from), cable) != to);
  }

  std::int32_t fewest_local_hops(std::int32_t from, std::int32_t to) const {
    std::int32_t least = 2;
    for (std::int32_t cable = 0; cable < cables_; ++cable)
      least = std::min(least, local_hops(from, to, cable));
    return least;
  }

  std::int32_t chosen_cable(std::int32_t from, std::int32_t to, std::int32_t choice) const {
    const std::int32_t least = fewest_local_hops(from, to);
    std::int32_t cable = 0;
    while (local_hops(from, to, cable) != least || choice-- > 0) ++cable;
    return cable;
  }

  // Of n things, the rank of the pair a < b among all pairs.
  static std::int32_t pair_rank(std::int32_t a, std::int32_t b, std::int32_t n) {
    return a * (2 * n - a - 1) / 2 + (b - a - 1);
  }

  LinkId local_link(std::int32_t from, std::int32_t to) const {
    const std::int32_t a = std::min(from, to) % routers_;
    const std::int32_t b = std::max(from, to) % routers_;
    const std::int32_t pairs = routers_ * (routers_ - 1) / 2;
    return first_local_ + 2 * (group_of(from) * pairs + pair_rank(a, b, routers_)) +
           (from < to ? 0 : 1);
  }

  LinkId global_link(std::int32_t from, std::int32_t to, std::int32_t cable) const {
    const std::int32_t pair = pair_rank(std::min(from, to), std::max(from, to), groups_);
    return first_global_ + 2 * (pair * cables_ + cable) + (from < to ? 0 : 1);
  }

  void append_local(std::int32_t from, std::int32_t to, std::vector<LinkId>& path) const {
    if (from != to) path.push_back(local_link(from, to));
  }

  void add_local_cables(Topology& topology, const CableSpec& cable) {
    first_local_ = static_cast<LinkId>(topology.links.size());
    for (std::int32_t group = 0; group < groups_; ++group) {
      const std::int32_t first = group * routers_;
      for (std::int32_t a = first; a < first + routers_; ++a) {
        for (std::int32_t b = a + 1; b < first + routers_; ++b) {
          add_cable(topology,
                    {router_name(a) + "-" + router_name(b), first_router_ + a, first_router_ + b},
                    cable, Directions::forward_backward);
        }
      }
    }
  }

  void add_global_cables(Topology& topology, const CableSpec& cable) {
    first_global_ = static_cast<LinkId>(topology.links.size());
    for (std::int32_t a = 0; a < groups_; ++a) {
      for (std::int32_t b = a + 1; b < groups_; ++b) {
        for (std::int32_t i = 0; i < cables_; ++i) {
          const std::string name =
              "global" + std::to_string(a) + "-" + std::to_string(b) + "-" + std::to_string(i);
          add_cable(topology,
                    {name, first_router_ + gateway(a, b, i), first_router_ + gateway(b, a, i)},
                    cable, Directions::forward_backward);
        }
      }
    }
  }

  std::int32_t groups_;
  std::int32_t routers_;
  std::int32_t nics_per_router_;
  std::int32_t global_ports_;
  std::int32_t cables_;  ///< between two groups
  VertexId first_router_;
  LinkId first_local_{};
  LinkId first_global_{};
};

std::int64_t pairs_of(std::int64_t things) {
  return things * (things - 1) / 2;
}

}  // namespace

std::int64_t cables_per_pair(const DragonflySpec& spec) {
  if (spec.groups == 1) return 0;
  return std::int64_t{spec.routers} * spec.global_ports / (spec.groups - 1);
}

std::int64_t nic_places(const DragonflySpec& spec) {
  return std::int64_t{spec.groups} * spec.routers * spec.nics_per_router;
}

std::int64_t cable_count(const DragonflySpec& spec) {
  return spec.groups * pairs_of(spec.routers) + pairs_of(spec.groups) * cables_per_pair(spec);
}

Topology dragonfly(const DragonflySpec& spec, std::int32_t nodes) {
  assert(std::int64_t{nodes} * spec.node.nics <= nic_places(spec));
  assert(spec.groups == 1 || cables_per_pair(spec) > 0);
  const std::string words = std::to_string(spec.groups) + " groups of " +
                            std::to_string(spec.routers) + " routers with " +
                            std::to_string(spec.nics_per_router) + " NICs each";
  return join_nodes({"dragonfly", words, spec.node, nodes}, [&](Topology& topology) {
    return std::make_unique<Dragonfly>(topology, spec);
  });
}

}  // namespace kvferry::topologies
