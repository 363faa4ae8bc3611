// How much each link carried when: bytes in kTimelineBins bins of equal width, which doubles, two
// bins becoming one, when the run outgrows them.
//
// The bytes of a flow are spread evenly over its life (see LinkTimeline). They stay whole bytes:
// what a flow had sent by a bin's end is rounded to the nearest byte, and the bin holds the
// difference to the one before, so that bins add up to the bytes that were carried, exactly.
//
// Cost of a flow: a step for each bin of its life, at most kTimelineBins, and an addition for each
// of these and each of its links. Links that carry nothing have no bins.
#pragma once

#include "sim/base/result.hpp"
#include "sim/base/units.hpp"
#include "topologies/topology.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::sim {

class LinkTimelines {
 public:
  explicit LinkTimelines(std::size_t links) : place_(links, kNone) {}

  /// A flow over these links sent so much from `start` to `end`. @pre 0 <= start <= end
  void add(std::span<const topologies::LinkId> path, Bytes sent, Seconds start, Seconds end);

  Seconds bin() const { return bin_; }
  std::vector<LinkTimeline> of_used_links() const;  ///< in the order of links

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::size_t bin_of(Seconds date) const;
  void double_bins();
  LinkTimeline& timeline_of(topologies::LinkId link);

  /// Short enough for any run that is worth looking at; a long one doubles it about 20 times.
  Seconds bin_{1.0 / 1024};
  std::vector<std::uint32_t> place_;  ///< by link: in timelines_
  std::vector<LinkTimeline> timelines_;
  std::array<Bytes, kTimelineBins> shares_{};  ///< of the flow that is added
};

}  // namespace kvferry::sim
