#include "sim/simgrid/fabric.hpp"

#include <simgrid/kernel/routing/NetPoint.hpp>

#include <cassert>
#include <string>

namespace kvferry::sim {
namespace {

// More than any link has; not infinite, because SimGrid multiplies it.
constexpr double kUnlimited = 1e30;

}  // namespace

Fabric::Fabric() : NetZoneImpl("kvferry") {}

Fabric* Fabric::create(const topologies::Topology& topology,
                       const std::optional<IncastLoss>& loss) {
  auto* fabric = new Fabric();  // the engine deletes its root zone
  simgrid::s4u::NetZone* zone = fabric->get_iface();
  constexpr double kUnusedCpuSpeed = 1e9;
  for (topologies::GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    fabric->hosts_of_gpus_.push_back(
        zone->create_host("gpu" + std::to_string(gpu), kUnusedCpuSpeed)->seal());
  }
  fabric->offers_.reserve(topology.links.size());
  for (const topologies::Link& link : topology.links) {
    Offer offer{link.capacity.value};
    if (loss && enters_node(topology, link)) {
      offer.most_flows = loss->flows;
      offer.efficiency = loss->efficiency;
    }
    fabric->add_link(link, offer);
  }
  zone->seal();
  return fabric;
}

void Fabric::add_link(const topologies::Link& link, const Offer& offer) {
  const std::size_t index = offers_.size();
  offers_.push_back(offer);
  links_.push_back(get_iface()->create_link(link.name, kUnlimited));
  links_.back()->set_sharing_policy(
      simgrid::s4u::Link::SharingPolicy::NONLINEAR,
      [this, index](double, int flows) { return offers_[index].to(flows); });
  links_.back()->seal();
}

// SimGrid asks again for what a link offers when it believes that its bandwidth has changed.
void Fabric::set_capacity(topologies::LinkId id, BytesPerSecond capacity) {
  assert(capacity.value > 0);  // flows over a link that SimGrid takes for empty keep their rate
  offers_[static_cast<std::size_t>(id)].capacity = capacity.value;
  link(id)->set_bandwidth(kUnlimited);
}

void Fabric::set_up(topologies::LinkId id, bool up) {
  if (up) {
    link(id)->turn_on();
  } else {
    link(id)->turn_off();
  }
}

void Fabric::get_local_route(const simgrid::kernel::routing::NetPoint*,
                             const simgrid::kernel::routing::NetPoint*,
                             simgrid::kernel::routing::Route* route, double*) {
  for (const topologies::LinkId id : path_) route->link_list_.push_back(link(id)->get_impl());
}

}  // namespace kvferry::sim
