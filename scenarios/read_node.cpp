#include "scenarios/read_fabric.hpp"

#include <string>

namespace kvferry::scenarios {
namespace {

using topologies::CableSpec;
using topologies::GpuLinks;
using topologies::NicAccess;
using topologies::NodeSpec;

const Choice<GpuLinks> kGpuLinks{"kind of link",
                                 {{"nvlink", GpuLinks::nvlink}, {"pcie", GpuLinks::pcie}}};

std::string divisors(std::int32_t number) {
  std::string text;
  for (std::int32_t i = 1; i <= number; ++i) {
    if (number % i == 0) text += (text.empty() ? "" : ", ") + std::to_string(i);
  }
  return text;
}

std::int32_t read_nics(SectionReader& section, std::int32_t gpus) {
  const auto nics = static_cast<std::int32_t>(section.optional("nics", kNodeSize, gpus));
  if (gpus % nics == 0) return nics;
  section.error("nics", "as many GPUs must share each NIC, and gpus_per_node is " +
                            std::to_string(gpus) + ": found '" + std::to_string(nics) +
                            "'; allowed: " + divisors(gpus));
  return gpus;
}

}  // namespace

NodeSpec read_node(SectionReader& network, BytesPerSecond nvlink) {
  NodeSpec node;
  node.nic.bandwidth = network.required("link_bandwidth", Bandwidth{});
  node.nic.latency = network.optional("link_latency", kLatency, kLinkLatency);
  node.gpus =
      static_cast<std::int32_t>(network.optional("gpus_per_node", kNodeSize, std::int32_t{8}));
  SectionReader inside = network.section("node");
  node.nics = read_nics(inside, node.gpus);
  node.gpu_links = inside.optional("gpu_links", kGpuLinks, node.gpu_links);
  if (node.gpu_links == GpuLinks::nvlink) {
    node.nvlink.bandwidth = inside.optional("nvlink_bandwidth", Bandwidth{}, nvlink);
    node.nvlink.latency = inside.optional("nvlink_latency", kLatency, Seconds{0});
  }
  const bool direct = inside.optional("gpudirect", Boolean{}, true);
  node.nic_access = direct ? NicAccess::direct : NicAccess::through_host;
  if (!direct) node.host_memory = inside.required("host_memory_bandwidth", Bandwidth{});
  const bool needs_pcie = !direct || node.gpu_links == GpuLinks::pcie;
  if (needs_pcie || inside.has("pcie_bandwidth")) {
    const BytesPerSecond bandwidth = inside.required("pcie_bandwidth", Bandwidth{});
    node.pcie = CableSpec{bandwidth, inside.optional("pcie_latency", kLatency, Seconds{0})};
  }
  inside.ignore("pcie_bandwidth");
  return node;
}

}  // namespace kvferry::scenarios
