// Networks, transfer engines and ways of handing off that random_system() leaves at their defaults.
#pragma once

#include "sim/fidelity.hpp"
#include "tests/sim/failing_system.hpp"

#include <cstdint>

namespace kvferry::sim {

inline topologies::NodeSpec random_node(RandomStream& random) {
  topologies::NodeSpec node;
  node.gpus = pick(random, 2, 8);
  node.nics = pick(random, 1, 2);
  node.gpu_links = pick(random, topologies::GpuLinks::nvlink, topologies::GpuLinks::pcie);
  node.nic_access =
      pick(random, topologies::NicAccess::direct, topologies::NicAccess::through_host);
  node.nvlink = {{450e9}, {1e-6}};
  node.pcie = topologies::CableSpec{{32e9}, {1e-6}};
  node.host_memory = {100e9};
  node.nic = {{pick(random, 1e9, 12.5e9)}, {2e-6}};
  return node;
}

inline topologies::TopologySpec random_topology(RandomStream& random) {
  const topologies::NodeSpec node = random_node(random);
  const topologies::Uplinks uplinks{.oversubscription = pick(random, 1.0, 3.0), .latency = {1e-6}};
  switch (random.below(6)) {
    case 0:
      return topologies::StarSpec{node};
    case 1:
      return topologies::LeafSpineSpec{
          .node = node, .nodes_per_leaf = 2, .spines = pick(random, 1, 3), .uplinks = uplinks};
    case 2:
      return topologies::FatTreeSpec{.node = node,
                                     .shape = topologies::fat_tree_of(6),
                                     .edge_uplinks = uplinks,
                                     .core_uplinks = uplinks};
    case 3:
      return topologies::RailOptimisedSpec{
          .node = node, .spines = pick(random, 1, 3), .uplinks = uplinks};
    case 4:
      return topologies::DragonflySpec{.node = node,
                                       .groups = 3,
                                       .routers = 4,
                                       .nics_per_router = 4,
                                       .global_ports = 2,
                                       .local = {{10e9}, {1e-6}},
                                       .global = {{10e9}, {1e-6}}};
    default:
      return topologies::TorusSpec{
          .node = node, .dimensions = {4, 3, 3}, .nics_per_router = 2, .cable = {{10e9}, {1e-6}}};
  }
}

/// Every topology and every way to hand off. @param engines what a transfer engine is drawn from
inline void choose_network(RandomStream& random, SimulationConfig& config,
                           const std::vector<TransferEngine>& engines) {
  if (random.below(4) != 0) config.network.topology = random_topology(random);
  config.network.paths = pick(random, PathPolicy::ecmp, PathPolicy::adaptive);
  if (random.below(4) == 0) config.network.incast_loss = IncastLoss{pick(random, 1, 3), 0.5};
  TransferConfig& transfer = config.transfer;
  transfer.fidelity = pick(random, Fidelity::chunks, Fidelity::fluid);
  transfer.layers_per_chunk = pick(random, 1, 4, 7);
  if (random.below(4) == 0) transfer.chunk_bytes = Bytes{pick(random, 1, 200'000, 1'000'000'000)};
  transfer.adaptive_codec = random.below(2) == 0;
  if (random.below(2) == 0) transfer.interference = {random.uniform(), random.uniform()};
  if (random.below(2) == 0) transfer.engine = engines[random.below(engines.size())];
}

}  // namespace kvferry::sim
