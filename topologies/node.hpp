// The inside of a node: how its GPUs reach each other and its NICs.
//
//   nvlink:  GPU --nvlink-- NVSwitch --nvlink-- GPU
//   pcie:    GPU --pcie-- PCIe switch --pcie-- GPU
//   NICs:    GPU --pcie-- PCIe switch --bus-- NIC --nic-- fabric          (GPUDirect)
//            GPU --pcie-- [host memory] --bus-- NIC --nic-- fabric        (through the host)
// A byte that bounces off host memory is written and read there: all flows that do so share the link
// [host memory], which carries half of the memory's bandwidth. Where nothing between GPU and NIC can
// limit a flow (GPUDirect, a NIC per GPU, no PCIe bandwidth given), there is only the NIC's link.
#pragma once

#include "topologies/cable.hpp"
#include "topologies/fabric.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::topologies {

/// Over what the GPUs of a node talk to each other.
enum class GpuLinks : std::uint8_t { nvlink, pcie };

/// How bytes get from a GPU to a NIC.
enum class NicAccess : std::uint8_t {
  direct,        ///< GPUDirect: the NIC reads the GPU's memory
  through_host,  ///< they bounce off host memory
};

struct NodeSpec {
  std::int32_t gpus = 8;
  std::int32_t nics = 8;  ///< divides gpus: as many neighbours share one
  GpuLinks gpu_links = GpuLinks::nvlink;
  NicAccess nic_access = NicAccess::direct;
  CableSpec nvlink;               ///< of each GPU
  std::optional<CableSpec> pcie;  ///< of each GPU and NIC; nothing: as wide as a NIC
  BytesPerSecond host_memory;     ///< reading and writing together; with through_host
  CableSpec nic;
};

std::int64_t links_per_node(const NodeSpec& spec);

/// GPUs and NICs as nodes have them, numbered through all nodes, and the links that they take.
class NodeLayout {
 public:
  /// Adds `nodes` of them to an empty topology.
  NodeLayout(Topology& topology, const NodeSpec& spec, std::int32_t nodes);

  /// Plugs all NICs into the fabric.
  void plug_into(const Fabric& fabric, Topology& topology);

  std::int32_t node_of(GpuId gpu) const { return gpu / gpus_; }
  NicId nic_of(GpuId gpu) const { return gpu / gpus_per_nic_; }
  /// The GPU of `from`'s node whose NIC has the place in it that the other node's NIC has; `from`
  /// itself where its own has.
  GpuId neighbour_on_rail_of(GpuId from, NicId nic) const;

  void append_out(GpuId from, std::vector<LinkId>& path) const;
  void append_in(GpuId to, std::vector<LinkId>& path) const;
  /// @pre two GPUs of one node
  void append_inside(GpuId from, GpuId to, std::vector<LinkId>& path) const;

 private:
  /// Where PCIe links end that lead to it, and where those begin that lead away.
  struct Hub {
    VertexId in;
    VertexId out;
  };

  void add_gpus(Topology& topology, std::int32_t nodes);
  void add_nvlinks(Topology& topology, const CableSpec& cable, std::int32_t nodes);
  std::vector<Hub> add_hubs(Topology& topology, const NodeSpec& spec, std::int32_t nodes);
  void add_pcie(Topology& topology, const NodeSpec& spec, std::int32_t nodes);
  bool bounces() const { return first_host_ >= 0; }

  std::int32_t gpus_;
  std::int32_t nics_;
  std::int32_t gpus_per_nic_;
  bool nvlink_inside_;
  CableSpec nic_cable_;
  /// The first link of each kind, whose others follow in the order of GPUs, NICs or nodes; -1: none.
  LinkId first_nvlink_ = -1;
  LinkId first_pcie_ = -1;
  LinkId first_host_ = -1;
  LinkId first_bus_ = -1;
  LinkId first_nic_ = -1;
  std::vector<VertexId> plug_;  ///< of each NIC: what its link begins at
};

}  // namespace kvferry::topologies
