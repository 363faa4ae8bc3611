// The topology as a SimGrid routing zone. SimGrid asks for a route whenever a flow starts, and gets
// the path that was chosen for it: there are no route tables, and any topology takes memory in
// proportion to its links.
//
// Links carry no latency here: SimGrid's sharing favours flows of short latency, and a lone flow
// would pay it with TCP's factors. The simulator pays latency itself.
#pragma once

#include "topologies/topology.hpp"

#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>

#include <span>
#include <vector>

namespace kvferry::sim {

class Fabric final : public simgrid::kernel::routing::NetZoneImpl {
 public:
  /// Creates a host per GPU and the links. The engine owns the zone.
  static Fabric* create(const topologies::Topology& topology);

  simgrid::s4u::Host* host(topologies::GpuId gpu) const {
    return hosts_of_gpus_[static_cast<std::size_t>(gpu)];
  }
  simgrid::s4u::Link* link(topologies::LinkId link) const {
    return links_[static_cast<std::size_t>(link)];
  }

  /// The way of the flow that is started next.
  void set_path(std::span<const topologies::LinkId> path) { path_ = path; }

 private:
  Fabric();
  void get_local_route(const simgrid::kernel::routing::NetPoint* source,
                       const simgrid::kernel::routing::NetPoint* target,
                       simgrid::kernel::routing::Route* route, double* latency) override;

  std::vector<simgrid::s4u::Host*> hosts_of_gpus_;
  std::vector<simgrid::s4u::Link*> links_;
  std::span<const topologies::LinkId> path_;
};

}  // namespace kvferry::sim
