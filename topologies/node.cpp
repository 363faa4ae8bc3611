#include "topologies/node.hpp"

#include <cassert>
#include <string>

namespace kvferry::topologies {
namespace {

std::string numbered(const char* stem, std::int32_t number) {
  return stem + std::to_string(number);
}

bool has_pcie(const NodeSpec& spec) {
  return spec.pcie || spec.nics < spec.gpus || spec.gpu_links == GpuLinks::pcie ||
         spec.nic_access == NicAccess::through_host;
}

}  // namespace

std::int64_t links_per_node(const NodeSpec& spec) {
  const bool has_nvlink = spec.gpu_links == GpuLinks::nvlink && spec.gpus > 1;
  const std::int64_t cables =
      (has_nvlink ? spec.gpus : 0) + spec.nics + (has_pcie(spec) ? spec.gpus + spec.nics : 0);
  return 2 * cables + (spec.nic_access == NicAccess::through_host ? 1 : 0);
}

NodeLayout::NodeLayout(Topology& topology, const NodeSpec& spec, std::int32_t nodes)
    : gpus_(spec.gpus),
      nics_(spec.nics),
      gpus_per_nic_(spec.gpus / spec.nics),
      nvlink_inside_(spec.gpu_links == GpuLinks::nvlink),
      nic_cable_(spec.nic) {
  assert(nodes > 0 && spec.gpus > 0 && spec.nics > 0 && spec.gpus % spec.nics == 0);
  add_gpus(topology, nodes);
  if (nvlink_inside_ && gpus_ > 1) add_nvlinks(topology, spec.nvlink, nodes);
  if (has_pcie(spec)) {
    add_pcie(topology, spec, nodes);
  } else {
    for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) plug_.push_back(gpu);
  }
}

void NodeLayout::add_gpus(Topology& topology, std::int32_t nodes) {
  topology.gpu_count = nodes * gpus_;
  topology.gpus_per_node = gpus_;
  topology.nic_count = nodes * nics_;
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu) {
    add_vertex(topology, numbered("gpu", gpu), VertexKind::gpu);
    topology.nic_of_gpu.push_back(nic_of(gpu));
  }
}

void NodeLayout::add_nvlinks(Topology& topology, const CableSpec& cable, std::int32_t nodes) {
  first_nvlink_ = static_cast<LinkId>(topology.links.size());
  for (std::int32_t node = 0; node < nodes; ++node) {
    const VertexId nvswitch =
        add_vertex(topology, numbered("nvswitch", node), VertexKind::node_switch);
    for (GpuId gpu = node * gpus_; gpu < (node + 1) * gpus_; ++gpu)
      add_cable(topology, {numbered("nvlink", gpu), gpu, nvswitch}, cable, Directions::out_in);
  }
}

// GPUDirect goes through the PCIe switch that a NIC has in common with its GPUs; where GPUs talk over
// PCIe, all of a node have one. What bounces enters host memory on one side and leaves it on the
// other, whichever way it goes.
std::vector<NodeLayout::Hub> NodeLayout::add_hubs(Topology& topology, const NodeSpec& spec,
                                                  std::int32_t nodes) {
  std::vector<Hub> hubs;
  for (std::int32_t node = 0; spec.nic_access == NicAccess::through_host && node < nodes; ++node) {
    const std::string host = numbered("host", node);
    hubs.push_back({add_vertex(topology, host + "-written", VertexKind::host_memory),
                    add_vertex(topology, host + "-read", VertexKind::host_memory)});
  }
  if (!hubs.empty()) return hubs;
  const std::int32_t switches = nvlink_inside_ ? topology.nic_count : nodes;
  for (std::int32_t i = 0; i < switches; ++i) {
    const VertexId id = add_vertex(topology, numbered("pcie-switch", i), VertexKind::node_switch);
    hubs.push_back({id, id});
  }
  return hubs;
}

void NodeLayout::add_pcie(Topology& topology, const NodeSpec& spec, std::int32_t nodes) {
  const CableSpec cable = spec.pcie.value_or(CableSpec{spec.nic.bandwidth, {0}});
  const std::vector<Hub> hubs = add_hubs(topology, spec, nodes);
  const auto add = [&](const std::string& name, VertexId device, const Hub& hub) {
    topology.links.push_back({name + "-out", cable.bandwidth, cable.latency, device, hub.in});
    topology.links.push_back({name + "-in", cable.bandwidth, cable.latency, hub.out, device});
  };
  const std::size_t gpus_per_hub = static_cast<std::size_t>(topology.gpu_count) / hubs.size();
  first_pcie_ = static_cast<LinkId>(topology.links.size());
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu)
    add(numbered("pcie", gpu), gpu, hubs[static_cast<std::size_t>(gpu) / gpus_per_hub]);
  const std::size_t nics_per_hub = static_cast<std::size_t>(topology.nic_count) / hubs.size();
  first_bus_ = static_cast<LinkId>(topology.links.size());
  for (NicId nic = 0; nic < topology.nic_count; ++nic) {
    plug_.push_back(add_vertex(topology, numbered("nic", nic), VertexKind::nic));
    add(numbered("bus", nic), plug_.back(), hubs[static_cast<std::size_t>(nic) / nics_per_hub]);
  }
  if (spec.nic_access == NicAccess::direct) return;
  first_host_ = static_cast<LinkId>(topology.links.size());
  for (std::int32_t node = 0; node < nodes; ++node) {
    const Hub& hub = hubs[static_cast<std::size_t>(node)];
    topology.links.push_back(
        {numbered("host", node) + "-memory", spec.host_memory * 0.5, {0}, hub.in, hub.out});
  }
}

void NodeLayout::plug_into(const Fabric& fabric, Topology& topology) {
  first_nic_ = static_cast<LinkId>(topology.links.size());
  for (NicId nic = 0; nic < topology.nic_count; ++nic) {
    add_cable(topology,
              {numbered("nic", nic), plug_[static_cast<std::size_t>(nic)], fabric.switch_of(nic)},
              nic_cable_, Directions::out_in);
  }
  plug_ = {};
}

GpuId NodeLayout::neighbour_on_rail_of(GpuId from, NicId nic) const {
  const NicId own = nic_of(from);
  return from + (nic % nics_ - own % nics_) * gpus_per_nic_;
}

// The links "-out" of a GPU or NIC lead to the PCIe switch, where the ones "-in" begin.
void NodeLayout::append_out(GpuId from, std::vector<LinkId>& path) const {
  if (first_pcie_ >= 0) {
    path.push_back(first_pcie_ + 2 * from);
    if (bounces()) path.push_back(first_host_ + node_of(from));
    path.push_back(first_bus_ + 2 * nic_of(from) + 1);
  }
  path.push_back(first_nic_ + 2 * nic_of(from));
}

void NodeLayout::append_in(GpuId to, std::vector<LinkId>& path) const {
  path.push_back(first_nic_ + 2 * nic_of(to) + 1);
  if (first_pcie_ < 0) return;
  path.push_back(first_bus_ + 2 * nic_of(to));
  if (bounces()) path.push_back(first_host_ + node_of(to));
  path.push_back(first_pcie_ + 2 * to + 1);
}

void NodeLayout::append_inside(GpuId from, GpuId to, std::vector<LinkId>& path) const {
  const LinkId first = nvlink_inside_ ? first_nvlink_ : first_pcie_;
  path.push_back(first + 2 * from);
  if (!nvlink_inside_ && bounces()) path.push_back(first_host_ + node_of(from));
  path.push_back(first + 2 * to + 1);
}

}  // namespace kvferry::topologies
