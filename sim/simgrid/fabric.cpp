#include "sim/simgrid/fabric.hpp"

#include <simgrid/kernel/routing/NetPoint.hpp>

#include <string>

namespace kvferry::sim {

Fabric::Fabric() : NetZoneImpl("kvferry") {}

Fabric* Fabric::create(const topologies::Topology& topology) {
  auto* fabric = new Fabric();  // the engine deletes its root zone
  simgrid::s4u::NetZone* zone = fabric->get_iface();
  constexpr double kUnusedCpuSpeed = 1e9;
  for (topologies::GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    fabric->hosts_of_gpus_.push_back(
        zone->create_host("gpu" + std::to_string(gpu), kUnusedCpuSpeed)->seal());
  }
  for (const topologies::Link& link : topology.links)
    fabric->links_.push_back(zone->create_link(link.name, link.capacity.value)->seal());
  zone->seal();
  return fabric;
}

void Fabric::get_local_route(const simgrid::kernel::routing::NetPoint*,
                             const simgrid::kernel::routing::NetPoint*,
                             simgrid::kernel::routing::Route* route, double*) {
  for (const topologies::LinkId id : path_) route->link_list_.push_back(link(id)->get_impl());
}

}  // namespace kvferry::sim
