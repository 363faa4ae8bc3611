// The topology as a SimGrid routing zone. SimGrid asks for a route whenever a flow starts, and gets
// the path that was chosen for it: there are no route tables, and any topology takes memory in
// proportion to its links.
//
// Links carry no latency here: SimGrid's sharing favours flows of short latency, and a lone flow
// would pay it with TCP's factors. The simulator pays latency itself.
//
// Nor does SimGrid know their capacity beforehand: it bounds a flow, once and for all, by the least
// that its links have when it starts, so that flows under way would gain nothing from a link that is
// given more. Its links are without limit, and what they offer is asked for whenever they are shared.
#pragma once

#include "sim/simulation_config.hpp"
#include "topologies/topology.hpp"

#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::sim {

class Fabric final : public simgrid::kernel::routing::NetZoneImpl {
 public:
  /// Creates a host per GPU and the links. The engine owns the zone.
  static Fabric* create(const topologies::Topology& topology,
                        const std::optional<IncastLoss>& loss = {});

  simgrid::s4u::Host* host(topologies::GpuId gpu) const {
    return hosts_of_gpus_[static_cast<std::size_t>(gpu)];
  }

  /// The way of the flow that is started next.
  void set_path(std::span<const topologies::LinkId> path) { path_ = path; }

  /// From now on, also for flows under way. @param capacity above zero
  void set_capacity(topologies::LinkId link, BytesPerSecond capacity);

  /// Breaks the flows on it when it goes down.
  void set_up(topologies::LinkId link, bool up);

 private:
  /// What a link carries, by how many flows share it.
  struct Offer {
    double capacity;                                                     ///< bytes per second
    std::int32_t most_flows = std::numeric_limits<std::int32_t>::max();  ///< without incast
    double efficiency = 1;  ///< share of the capacity that is left to more flows than these

    double to(std::int32_t flows) const {
      return flows > most_flows ? capacity * efficiency : capacity;
    }
  };

  Fabric();
  void add_link(const topologies::Link& link, const Offer& offer);
  void get_local_route(const simgrid::kernel::routing::NetPoint* source,
                       const simgrid::kernel::routing::NetPoint* target,
                       simgrid::kernel::routing::Route* route, double* latency) override;
  simgrid::s4u::Link* link(topologies::LinkId link) const {
    return links_[static_cast<std::size_t>(link)];
  }

  std::vector<simgrid::s4u::Host*> hosts_of_gpus_;
  std::vector<simgrid::s4u::Link*> links_;
  std::vector<Offer> offers_;  ///< by link
  std::span<const topologies::LinkId> path_;
};

}  // namespace kvferry::sim
