#include "analysis/network_figures.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>

namespace kvferry::analysis {
namespace {

// What keeps a summary of thousands of links small.
constexpr std::size_t kContendedLinks = 10;
constexpr std::size_t kTimelines = 16;
constexpr double kWorthATimeline = 0.05;

template <typename Value>
void keep_first(std::vector<Value>& values, std::size_t count) {
  if (values.size() > count) values.resize(count);
}

double utilization(Bytes carried, const LinkCapacity& link, Seconds time) {
  return carried / link.capacity / time;
}

std::vector<ContendedLink> contended_links(const NetworkUse& use,
                                           std::span<const LinkCapacity> links, Seconds observed) {
  std::vector<ContendedLink> contended;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const LinkUse& link = use.links[i];
    if (link.shared.value <= 0) continue;
    contended.push_back({links[i].name, utilization(link.carried, links[i], observed), link.shared,
                         link.busy, link.peak_flows});
  }
  std::ranges::stable_sort(contended, std::greater{}, &ContendedLink::shared);
  keep_first(contended, kContendedLinks);
  return contended;
}

std::vector<double> shares_of(const LinkTimeline& timeline, const LinkCapacity& link, Seconds bin,
                              Seconds end) {
  const auto bins = std::min(static_cast<std::size_t>(std::ceil(end / bin)), kTimelineBins);
  std::vector<double> shares;
  for (std::size_t i = 0; i < bins; ++i) {
    const Seconds width = std::min(bin, end - bin * static_cast<double>(i));
    shares.push_back(utilization(timeline.bytes[i], link, width));
  }
  return shares;
}

std::vector<LinkShares> most_used(const NetworkUse& use, std::span<const LinkCapacity> links,
                                  ObservedTime observed) {
  std::vector<std::pair<double, const LinkTimeline*>> used;
  for (const LinkTimeline& timeline : use.timelines) {
    const auto i = static_cast<std::size_t>(timeline.link);
    const double share = utilization(use.links[i].carried, links[i], observed.length);
    if (share >= kWorthATimeline) used.emplace_back(share, &timeline);
  }
  std::ranges::stable_sort(used, std::greater{}, [](const auto& entry) { return entry.first; });
  keep_first(used, kTimelines);
  std::vector<LinkShares> lines;
  for (const auto& [share, timeline] : used) {
    const LinkCapacity& link = links[static_cast<std::size_t>(timeline->link)];
    lines.push_back({link.name, shares_of(*timeline, link, use.bin, observed.end)});
  }
  return lines;
}

}  // namespace

NetworkFigures network_figures(const NetworkUse& use, std::span<const LinkCapacity> links,
                               ObservedTime observed) {
  NetworkFigures figures;
  figures.incast = use.incast;
  figures.bin = use.bin;
  if (links.empty() || observed.length.value <= 0) return figures;
  figures.contended_links = contended_links(use, links, observed.length);
  figures.timeline = most_used(use, links, observed);
  return figures;
}

}  // namespace kvferry::analysis
