#include "topologies/torus.hpp"

#include "topologies/nodes_on_fabric.hpp"

#include <cassert>

namespace kvferry::topologies {
namespace {

/// The steps from one router to another along one dimension.
struct Leg {
  std::int32_t steps;  ///< the shorter way round
  bool ascending;
  bool both_ways;  ///< are equally short
};

class Torus final : public Fabric {
 public:
  Torus(Topology& topology, const TorusSpec& spec)
      : nics_per_router_(spec.nics_per_router),
        first_router_(static_cast<VertexId>(topology.vertices.size())) {
    std::int32_t stride = 1;
    for (auto size = spec.dimensions.rbegin(); size != spec.dimensions.rend(); ++size) {
      axes_.insert(axes_.begin(), {*size, stride, 0});
      stride *= *size;
    }
    for (std::int32_t i = 0; i < stride; ++i)
      add_vertex(topology, "router" + std::to_string(i), VertexKind::fabric_switch);
    for (std::size_t i = 0; i < axes_.size(); ++i) add_cables(topology, i, stride, spec.cable);
  }

  VertexId switch_of(NicId nic) const override { return first_router_ + router_of(nic); }

  std::int32_t path_count(NicId from, NicId to) const override {
    std::int32_t count = 1;
    for (const Axis& axis : axes_) {
      if (leg(axis, router_of(from), router_of(to)).both_ways) count *= 2;
    }
    return count;
  }

  void append_path(NicId from, NicId to, std::int32_t choice,
                   std::vector<LinkId>& path) const override {
    std::int32_t at = router_of(from);
    for (const Axis& axis : axes_) {
      Leg along = leg(axis, at, router_of(to));
      if (along.both_ways) {
        along.ascending = choice % 2 == 0;
        choice /= 2;
      }
      for (std::int32_t i = 0; i < along.steps; ++i) at = step(axis, at, along.ascending, path);
    }
  }

 private:
  struct Axis {
    std::int32_t size;
    std::int32_t stride;  ///< between the numbers of neighbours
    LinkId first;         ///< of its links; the cable of router r to the next one is the r-th
  };

  std::int32_t router_of(NicId nic) const { return nic / nics_per_router_; }
  static std::int32_t coordinate(const Axis& axis, std::int32_t router) {
    return router / axis.stride % axis.size;
  }

  // Two routers in a row have one cable, which is not another way round.
  static Leg leg(const Axis& axis, std::int32_t from, std::int32_t to) {
    const std::int32_t up = (coordinate(axis, to) - coordinate(axis, from) + axis.size) % axis.size;
    const std::int32_t down = axis.size - up;
    if (up == 0) return {0, true, false};
    return {std::min(up, down), up <= down, up == down && axis.size > 2};
  }

  static std::int32_t next(const Axis& axis, std::int32_t router) {
    const bool at_end = coordinate(axis, router) == axis.size - 1;
    return router + axis.stride - (at_end ? axis.size * axis.stride : 0);
  }

  static std::int32_t previous(const Axis& axis, std::int32_t router) {
    const bool at_start = coordinate(axis, router) == 0;
    return router - axis.stride + (at_start ? axis.size * axis.stride : 0);
  }

  static std::int32_t step(const Axis& axis, std::int32_t at, bool ascending,
                           std::vector<LinkId>& path) {
    const std::int32_t there = ascending ? next(axis, at) : previous(axis, at);
    // In a row of two both steps take the one cable, which belongs to the first router.
    const bool forward = axis.size == 2 ? coordinate(axis, at) == 0 : ascending;
    path.push_back(axis.first + 2 * cable_rank(axis, forward ? at : there) + (forward ? 0 : 1));
    return there;
  }

  // Among the cables of the axis: one per router, or per pair of routers in rows of two.
  static std::int32_t cable_rank(const Axis& axis, std::int32_t router) {
    if (axis.size != 2) return router;
    return router / (2 * axis.stride) * axis.stride + router % axis.stride;
  }

  void add_cables(Topology& topology, std::size_t number, std::int32_t routers,
                  const CableSpec& cable) {
    Axis& axis = axes_[number];
    axis.first = static_cast<LinkId>(topology.links.size());
    if (axis.size == 1) return;
    for (std::int32_t router = 0; router < routers; ++router) {
      if (axis.size == 2 && coordinate(axis, router) == 1) continue;
      add_cable(topology,
                {"router" + std::to_string(router) + "-axis" + std::to_string(number),
                 first_router_ + router, first_router_ + next(axis, router)},
                cable, Directions::forward_backward);
    }
  }

  std::int32_t nics_per_router_;
  VertexId first_router_;
  std::vector<Axis> axes_;
};

std::int64_t router_count(const TorusSpec& spec) {
  std::int64_t routers = 1;
  for (const std::int32_t size : spec.dimensions) routers *= size;
  return routers;
}

}  // namespace

std::string shape_text(const std::vector<std::int32_t>& dimensions) {
  std::string text;
  for (const std::int32_t size : dimensions)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

std::int64_t nic_places(const TorusSpec& spec) {
  return router_count(spec) * spec.nics_per_router;
}

std::int64_t cable_count(const TorusSpec& spec) {
  std::int64_t cables = 0;
  for (const std::int32_t size : spec.dimensions) {
    if (size > 1) cables += router_count(spec) / (size == 2 ? 2 : 1);
  }
  return cables;
}

Topology torus(const TorusSpec& spec, std::int32_t nodes) {
  assert(std::int64_t{nodes} * spec.node.nics <= nic_places(spec));
  const std::string words = shape_text(spec.dimensions) + " routers with " +
                            std::to_string(spec.nics_per_router) + " NICs each";
  return join_nodes({"torus", words, spec.node, nodes},
                    [&](Topology& topology) { return std::make_unique<Torus>(topology, spec); });
}

}  // namespace kvferry::topologies
