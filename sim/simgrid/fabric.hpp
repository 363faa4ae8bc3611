// A topology inside SimGrid: a routing zone whose routes our own rule computes for each flow, so
// that any topology takes memory in proportion to its links.
//
// Links carry no latency here: SimGrid's sharing favours flows of short latency, and a lone flow
// would pay it with TCP's factors. The simulator pays latency itself.
#pragma once

#include "topologies/topology.hpp"

#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>

#include <vector>

namespace kvferry::sim {

class Fabric final : public simgrid::kernel::routing::NetZoneImpl {
 public:
  /// Creates a host per GPU and the links. The engine owns the zone; `topology` must outlive it.
  static Fabric* create(const topologies::Topology& topology);

  simgrid::s4u::Host* host(topologies::GpuId gpu) const {
    return hosts_of_gpus_[static_cast<std::size_t>(gpu)];
  }

 private:
  explicit Fabric(const topologies::Topology& topology);
  void get_local_route(const simgrid::kernel::routing::NetPoint* source,
                       const simgrid::kernel::routing::NetPoint* target,
                       simgrid::kernel::routing::Route* route, double* latency) override;

  const topologies::Topology& topology_;
  std::vector<simgrid::s4u::Host*> hosts_of_gpus_;
  std::vector<simgrid::kernel::resource::StandardLinkImpl*> links_by_id_;
  std::vector<topologies::LinkId> path_;
};

}  // namespace kvferry::sim
