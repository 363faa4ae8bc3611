#include "scenarios/read_fabric.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kvferry::scenarios {
namespace {

using topologies::CableSpec;
using topologies::NodeSpec;
using topologies::Uplinks;

constexpr Integer kCount{1, 65'536};
constexpr Number kOversubscription{1, 1e6};

std::int32_t read_count(SectionReader& network, const char* key) {
  return static_cast<std::int32_t>(network.required(key, kCount));
}

// @param ratio the key of the oversubscription
Uplinks read_uplinks(SectionReader& network, const NodeSpec& node, const char* ratio) {
  Uplinks uplinks;
  uplinks.latency = network.optional("fabric_latency", kLatency, node.nic.latency);
  uplinks.bandwidth = network.maybe("fabric_bandwidth", Bandwidth{});
  if (!uplinks.bandwidth) {
    uplinks.oversubscription = network.optional(ratio, kOversubscription, 1.0);
  } else if (network.has(ratio)) {
    network.ignore(ratio);
    network.error(ratio, "fabric_bandwidth says it already: expected one of the two");
  }
  return uplinks;
}

// Cables between switches that are all alike.
CableSpec read_fabric_cable(SectionReader& network, const NodeSpec& node) {
  return {network.optional("fabric_bandwidth", Bandwidth{}, node.nic.bandwidth),
          network.optional("fabric_latency", kLatency, node.nic.latency)};
}

/// Sizes with an x between them: "4x4x2".
struct Dimensions {
  static constexpr ScalarKind kKind = ScalarKind::text;
  static constexpr std::int64_t kMostRouters = 10'000'000;

  std::vector<std::int32_t> parse(const std::string& text) const {
    std::vector<std::int32_t> sizes;
    std::int64_t routers = 1;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (bool more = true; more;) {
      std::int32_t size = 0;
      const auto [rest, fault] = std::from_chars(at, end, size);
      more = rest != end && *rest == 'x';
      routers *= size;
      if (fault != std::errc{} || size < 1 || routers > kMostRouters || (!more && rest != end))
        refuse(text);
      sizes.push_back(size);
      at = rest + 1;
    }
    return sizes;
  }
  std::string print(const std::vector<std::int32_t>& sizes) const {
    return topologies::shape_text(sizes);
  }

 private:
  [[noreturn]] static void refuse(const std::string& text) {
    throw std::invalid_argument(
        "expected sizes above zero with an x between them, such as 4x4x2, and at most " +
        std::to_string(kMostRouters) + " routers; found '" + text + "'");
  }
};

topologies::FatTreeShape read_explicit_shape(SectionReader& network) {
  topologies::FatTreeShape shape;
  shape.pods = read_count(network, "pods");
  shape.edges = read_count(network, "edges_per_pod");
  shape.aggregations = std::max(1, read_count(network, "aggregations_per_pod"));
  const std::int32_t cores = read_count(network, "cores");
  shape.nics_per_edge = read_count(network, "nics_per_edge");
  shape.cores = cores / shape.aggregations;
  if (cores % shape.aggregations != 0) {
    network.error("cores",
                  "each aggregation switch of a pod reaches as many cores: expected a "
                  "multiple of aggregations_per_pod, " +
                      std::to_string(shape.aggregations) + ", found '" + std::to_string(cores) +
                      "'");
  }
  return shape;
}

topologies::FatTreeShape read_shape(SectionReader& network, std::int64_t nics) {
  const std::initializer_list<const char*> counts{"pods", "edges_per_pod", "aggregations_per_pod",
                                                  "cores", "nics_per_edge"};
  for (const char* key : counts) network.ignore(key);
  network.ignore("k");
  const bool has_counts =
      std::ranges::any_of(counts, [&](const char* key) { return network.has(key); });
  if (has_counts && network.has("k"))
    network.error("k", "the counts of switches say it already: expected k, or the counts");
  if (has_counts) return read_explicit_shape(network);
  const auto k = static_cast<std::int32_t>(
      network.optional("k", Integer{2, 256}, topologies::smallest_fat_tree(nics)));
  if (k % 2 == 0) return topologies::fat_tree_of(k);
  network.error("k",
                "half of a switch's ports lead down and half up: expected an even number, "
                "found '" +
                    std::to_string(k) + "'");
  return topologies::fat_tree_of(k + 1);
}

}  // namespace

topologies::LeafSpineSpec read_leaf_spine(SectionReader& network, const NodeSpec& node) {
  topologies::LeafSpineSpec spec{node};
  spec.nodes_per_leaf = read_count(network, "nodes_per_leaf");
  spec.spines = read_count(network, "spines");
  spec.uplinks = read_uplinks(network, node, "oversubscription");
  return spec;
}

topologies::FatTreeSpec read_fat_tree(SectionReader& network, const NodeSpec& node,
                                      std::int32_t nodes) {
  topologies::FatTreeSpec spec{node, read_shape(network, std::int64_t{nodes} * node.nics)};
  spec.edge_uplinks = read_uplinks(network, node, "oversubscription");
  spec.core_uplinks = spec.edge_uplinks;
  if (!spec.core_uplinks.bandwidth) {
    spec.core_uplinks.oversubscription =
        network.optional("core_oversubscription", kOversubscription, 1.0);
  } else if (network.has("core_oversubscription")) {
    network.ignore("core_oversubscription");
    network.error("core_oversubscription",
                  "fabric_bandwidth says it already: expected one of the two");
  }
  return spec;
}

topologies::RailOptimisedSpec read_rail_optimised(SectionReader& network, const NodeSpec& node) {
  topologies::RailOptimisedSpec spec{node};
  const bool pxn = network.optional("pxn", Boolean{}, false);
  if (pxn) spec.cross_rail = topologies::CrossRail::pxn;
  if (pxn && node.gpu_links != topologies::GpuLinks::nvlink)
    network.error("pxn", "flows reach the right rail over NVLink: expected node.gpu_links: nvlink");
  spec.spines = static_cast<std::int32_t>(
      network.optional("spines", Integer{0, kCount.max}, std::int32_t{pxn ? 0 : 1}));
  if (spec.spines > 0) {
    spec.uplinks = read_uplinks(network, node, "oversubscription");
  } else if (!pxn && node.nics > 1) {
    network.error("spines", "nothing joins the " + std::to_string(node.nics) +
                                " rails: expected at least 1, or pxn: true; found '0'");
  }
  return spec;
}

topologies::DragonflySpec read_dragonfly(SectionReader& network, const NodeSpec& node) {
  topologies::DragonflySpec spec{node};
  spec.groups = read_count(network, "groups");
  spec.routers = std::max(1, read_count(network, "routers_per_group"));
  spec.nics_per_router = read_count(network, "nics_per_router");
  const std::int32_t enough = std::max(1, (spec.groups - 2) / spec.routers + 1);
  spec.global_ports =
      static_cast<std::int32_t>(network.optional("global_links_per_router", kCount, enough));
  spec.local = read_fabric_cable(network, node);
  spec.global = {network.optional("global_bandwidth", Bandwidth{}, spec.local.bandwidth),
                 network.optional("global_latency", kLatency, spec.local.latency)};
  if (spec.groups > 1 && cables_per_pair(spec) == 0) {
    network.error("groups",
                  "routers_per_group * global_links_per_router + 1 groups can be joined "
                  "in pairs: expected at most " +
                      std::to_string(std::int64_t{spec.routers} * spec.global_ports + 1) +
                      ", found '" + std::to_string(spec.groups) + "'");
  }
  return spec;
}

topologies::TorusSpec read_torus(SectionReader& network, const NodeSpec& node) {
  topologies::TorusSpec spec{node, network.required("dimensions", Dimensions{})};
  spec.nics_per_router =
      static_cast<std::int32_t>(network.optional("nics_per_router", kCount, node.nics));
  spec.cable = read_fabric_cable(network, node);
  return spec;
}

}  // namespace kvferry::scenarios
