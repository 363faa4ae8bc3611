#include "scenarios/read_platform.hpp"

#include "scenarios/file_path.hpp"
#include "scenarios/read_fabric.hpp"
#include "sim/base/error.hpp"
#include "sim/placement.hpp"
#include "sim/platform_file.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

namespace kvferry::scenarios {
namespace {

/// Each is asked for in both directions: as many, of three links, take half a gigabyte and seconds.
constexpr std::size_t kMostPairs = 4'000'000;

bool is_file(const std::string& path) {
  std::error_code unreadable;
  return std::filesystem::is_regular_file(path, unreadable);
}

}  // namespace

topologies::RoutedSpec read_platform(SectionReader& network, const sim::SimulationConfig& system) {
  topologies::RoutedSpec spec;
  spec.preset = "simgrid-xml";
  spec.table = std::make_shared<topologies::RouteTable>();
  const std::string path = read_file_path(network, "path");
  spec.origin = std::filesystem::path(path).filename().string();
  spec.gpus_per_node =
      static_cast<std::int32_t>(network.optional("gpus_per_node", kNodeSize, std::int32_t{1}));
  if (system.mode == sim::Mode::colocated) {
    network.error(
        "topology",
        "simgrid-xml knows the routes of hand-offs, and in colocated mode there are none");
    return spec;
  }
  const topologies::RoutedPairs pairs = sim::handoff_pairs(system, spec.gpus_per_node);
  if (pairs.count() > kMostPairs) {
    network.error("topology", "too large: " + std::to_string(pairs.sources.size()) +
                                  " prefill GPUs times " + std::to_string(pairs.targets.size()) +
                                  " GPUs that they hand off to, at most " +
                                  std::to_string(kMostPairs) +
                                  " pairs: each has a route of its own");
    return spec;
  }
  if (!is_file(path)) {
    if (std::filesystem::exists(path)) network.error("path", "not a file: '" + path + "'");
    return spec;  // one that is not there has been reported
  }
  try {
    spec.table = std::make_shared<topologies::RouteTable>(sim::read_platform_file(path, pairs));
  } catch (const InputError& fault) {
    network.error("path", fault.what());
  }
  return spec;
}

}  // namespace kvferry::scenarios
