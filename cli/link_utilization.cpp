#include "cli/link_utilization.hpp"

#include "sim/base/error.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>

namespace kvferry::cli {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& file, const std::string& fault) {
  throw InputError(file + ": error: " + fault);
}

json read_links(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse(file, "cannot be read: expected the folder that `kvferry run -o DIR` leaves");
  const json summary = json::parse(stream, nullptr, false);
  if (summary.is_discarded()) refuse(file, "is not JSON");
  const json::json_pointer place("/utilization/links");
  if (!summary.is_object() || !summary.contains(place) || !summary[place].is_object())
    refuse(file, "has no utilization.links: expected the summary of a run");
  return summary[place];
}

}  // namespace

std::vector<double> link_utilization(const std::string& folder,
                                     const topologies::Topology& topology) {
  const std::string file = (std::filesystem::path(folder) / "summary.json").string();
  const json links = read_links(file);
  std::map<std::string, double> left;
  for (const auto& [name, share] : links.items()) {
    if (!share.is_number()) refuse(file, "utilization.links: '" + name + "' is not a number");
    left.emplace(name, share.get<double>());
  }
  std::vector<double> shares;
  for (const topologies::Link& link : topology.links) {
    const auto found = left.extract(link.name);
    shares.push_back(found.empty() ? 0 : found.mapped());
  }
  if (!left.empty())
    refuse(file, "tells of a link '" + left.begin()->first +
                     "' that this network does not have: expected the results of this scenario");
  return shares;
}

}  // namespace kvferry::cli
