#include "sim/link_timelines.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::sim {

using topologies::LinkId;

// What happens at the very end of the last bin still belongs to it.
std::size_t LinkTimelines::bin_of(Seconds date) const {
  return std::min(static_cast<std::size_t>(date / bin_), kTimelineBins - 1);
}

void LinkTimelines::double_bins() {
  bin_ = bin_ * 2;
  for (LinkTimeline& timeline : timelines_) {
    auto& bytes = timeline.bytes;
    for (std::size_t i = 0; i < kTimelineBins / 2; ++i) bytes[i] = bytes[2 * i] + bytes[2 * i + 1];
    std::fill(bytes.begin() + kTimelineBins / 2, bytes.end(), Bytes{0});
  }
}

LinkTimeline& LinkTimelines::timeline_of(LinkId link) {
  std::uint32_t& place = place_[static_cast<std::size_t>(link)];
  if (place == kNone) {
    place = static_cast<std::uint32_t>(timelines_.size());
    timelines_.push_back({link, {}});
  }
  return timelines_[place];
}

void LinkTimelines::add(std::span<const LinkId> path, Bytes sent, Seconds start, Seconds end) {
  if (sent.value == 0) return;
  while (end.value > bin_.value * kTimelineBins) double_bins();
  const std::size_t first = bin_of(start);
  const std::size_t last = bin_of(end);
  const double per_second = static_cast<double>(sent.value) / (end - start).value;
  Bytes before{0};
  for (std::size_t i = first; i < last; ++i) {
    const Seconds elapsed = bin_ * static_cast<double>(i + 1) - start;
    const Bytes by_now = std::min(Bytes{std::llround(per_second * elapsed.value)}, sent);
    shares_[i] = by_now - before;
    before = by_now;
  }
  shares_[last] = sent - before;
  for (const LinkId link : path) {
    auto& bytes = timeline_of(link).bytes;
    for (std::size_t i = first; i <= last; ++i) bytes[i] += shares_[i];
  }
}

std::vector<LinkTimeline> LinkTimelines::of_used_links() const {
  std::vector<LinkTimeline> used;
  used.reserve(timelines_.size());
  for (const std::uint32_t place : place_) {
    if (place != kNone) used.push_back(timelines_[place]);
  }
  return used;
}

}  // namespace kvferry::sim
