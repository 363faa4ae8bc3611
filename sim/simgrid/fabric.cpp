#include "sim/simgrid/fabric.hpp"

#include <simgrid/kernel/routing/NetPoint.hpp>

#include <string>

namespace kvferry::sim {

Fabric::Fabric(const topologies::Topology& topology)
    : NetZoneImpl("kvferry"), topology_(topology) {}

Fabric* Fabric::create(const topologies::Topology& topology) {
  auto* fabric = new Fabric(topology);  // the engine deletes its root zone
  simgrid::s4u::NetZone* zone = fabric->get_iface();
  constexpr double kUnusedCpuSpeed = 1e9;
  for (topologies::GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    fabric->hosts_of_gpus_.push_back(
        zone->create_host("gpu" + std::to_string(gpu), kUnusedCpuSpeed)->seal());
  }
  for (const topologies::Link& link : topology.links) {
    fabric->links_by_id_.push_back(
        zone->create_link(link.name, link.capacity.value)->seal()->get_impl());
  }
  zone->seal();
  return fabric;
}

void Fabric::get_local_route(const simgrid::kernel::routing::NetPoint* source,
                             const simgrid::kernel::routing::NetPoint* target,
                             simgrid::kernel::routing::Route* route, double*) {
  path_.clear();
  // A host's id is its rank of creation in the zone: the GPU's number.
  topology_.append_route(static_cast<topologies::GpuId>(source->id()),
                         static_cast<topologies::GpuId>(target->id()), path_);
  for (const topologies::LinkId link : path_) {
    route->link_list_.push_back(links_by_id_[static_cast<std::size_t>(link)]);
  }
}

}  // namespace kvferry::sim
