#include "scenarios/read_network.hpp"

#include "scenarios/read_explicit_list.hpp"
#include "scenarios/read_fabric.hpp"
#include "scenarios/read_flows.hpp"
#include "scenarios/read_platform.hpp"
#include "sim/placement.hpp"

#include <optional>
#include <utility>

namespace kvferry::scenarios {
namespace {

using topologies::TopologySpec;

enum class Preset : std::uint8_t {
  two_tier,
  point_to_point,
  star,
  leaf_spine,
  fat_tree,
  rail_optimised,
  dragonfly,
  torus,
  explicit_list,
  simgrid_xml,
};

const Choice<Preset> kPresets{"topology",
                              {{"two-tier", Preset::two_tier},
                               {"point-to-point", Preset::point_to_point},
                               {"star", Preset::star},
                               {"leaf-spine", Preset::leaf_spine},
                               {"fat-tree", Preset::fat_tree},
                               {"rail-optimised", Preset::rail_optimised},
                               {"dragonfly", Preset::dragonfly},
                               {"torus", Preset::torus},
                               {"explicit", Preset::explicit_list},
                               {"simgrid-xml", Preset::simgrid_xml}}};

topologies::TwoTierSpec read_two_tier(SectionReader& network, BytesPerSecond nvlink) {
  topologies::TwoTierSpec spec;
  spec.link_bandwidth = network.required("link_bandwidth", Bandwidth{});
  spec.link_latency = network.optional("link_latency", kLatency, kLinkLatency);
  spec.gpus_per_node =
      static_cast<std::int32_t>(network.optional("gpus_per_node", kNodeSize, spec.gpus_per_node));
  spec.oversubscription =
      network.optional("oversubscription", Number{1, 1e6}, spec.oversubscription);
  spec.nvlink_bandwidth = nvlink;
  return spec;
}

topologies::PointToPointSpec read_point_to_point(SectionReader& network) {
  topologies::PointToPointSpec spec;
  spec.link_bandwidth = network.required("link_bandwidth", Bandwidth{});
  spec.link_latency = network.optional("link_latency", kLatency, kLinkLatency);
  return spec;
}

TopologySpec read_nodes_on_fabric(Preset preset, SectionReader& network,
                                  const sim::SimulationConfig& system, BytesPerSecond nvlink) {
  const topologies::NodeSpec node = read_node(network, nvlink);
  switch (preset) {
    case Preset::leaf_spine:
      return read_leaf_spine(network, node);
    case Preset::fat_tree:
      return read_fat_tree(network, node, sim::nodes_needed(system, node.gpus));
    case Preset::rail_optimised:
      return read_rail_optimised(network, node);
    case Preset::dragonfly:
      return read_dragonfly(network, node);
    case Preset::torus:
      return read_torus(network, node);
    default:
      return topologies::StarSpec{node};
  }
}

TopologySpec read_topology(SectionReader& network, const sim::SimulationConfig& system,
                           BytesPerSecond nvlink) {
  const Preset preset = network.required("topology", kPresets);
  switch (preset) {
    case Preset::two_tier:
      return read_two_tier(network, nvlink);
    case Preset::point_to_point:
      return read_point_to_point(network);
    case Preset::explicit_list:
      return read_explicit_list(network);
    case Preset::simgrid_xml:
      return read_platform(network, system);
    default:
      return read_nodes_on_fabric(preset, network, system, nvlink);
  }
}

}  // namespace

const std::vector<KnownTopology>& known_topologies() {
  static const std::vector<KnownTopology> known{
      {"two-tier",
       "nodes with a NIC per GPU on one core, through an uplink per node if oversubscribed",
       {"link_bandwidth", "link_latency", "gpus_per_node", "oversubscription"},
       false},
      {"point-to-point",
       "one full-duplex link between the prefill and the decode side, shared by all",
       {"link_bandwidth", "link_latency"},
       false},
      {"star", "all NICs on one switch that never limits", {}, true},
      {"leaf-spine",
       "some nodes on a leaf, every leaf on every spine: a path per spine",
       {"nodes_per_leaf", "spines", "oversubscription", "fabric_bandwidth", "fabric_latency"},
       true},
      {"fat-tree",
       "three tiers of switches with k ports, or as counted: (k/2)^2 paths between pods",
       {"k", "pods", "edges_per_pod", "aggregations_per_pod", "cores", "nics_per_edge",
        "oversubscription", "core_oversubscription", "fabric_bandwidth", "fabric_latency"},
       true},
      {"rail-optimised",
       "NIC r of every node on rail switch r; between rails over a spine, or over NVLink (pxn)",
       {"spines", "pxn", "oversubscription", "fabric_bandwidth", "fabric_latency"},
       true},
      {"dragonfly",
       "groups of routers, joined all to all inside and in pairs between them; minimal paths",
       {"groups", "routers_per_group", "nics_per_router", "global_links_per_router",
        "fabric_bandwidth", "fabric_latency", "global_bandwidth", "global_latency"},
       true},
      {"torus",
       "routers on a grid with joined ends, such as 4x4x2; one dimension after the other",
       {"dimensions", "nics_per_router", "fabric_bandwidth", "fabric_latency"},
       true},
      {"explicit",
       "vertices and links as listed; paths of the fewest links",
       {"vertices", "links", "gpus_per_node"},
       false},
      {"simgrid-xml",
       "a SimGrid platform file: a GPU per host, and SimGrid's routes",
       {"path", "gpus_per_node"},
       false}};
  return known;
}

sim::NetworkConfig read_network(SectionReader&& network, const sim::SimulationConfig& system,
                                const sim::GpuSpec& gpu) {
  sim::NetworkConfig config;
  config.topology = read_topology(network, system, gpu.nvlink_bandwidth);
  read_flows(network, config);
  return config;
}

BytesPerSecond stage_bandwidth(const sim::PoolConfig& pool, const sim::NetworkConfig& network) {
  const std::optional<std::int32_t> node = topologies::gpus_per_node(network.topology);
  if (node && pool.gpus_per_instance() > *node) return topologies::nic_bandwidth(network.topology);
  return topologies::pcie_inside(network.topology).value_or(pool.gpu.nvlink_bandwidth);
}

}  // namespace kvferry::scenarios
