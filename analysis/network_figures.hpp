// What the links of a run were used for, in the few figures that a summary has room for.
#pragma once

#include "sim/base/result.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvferry::analysis {

/// One direction of a cable, for utilisation.
struct LinkCapacity {
  std::string name;
  BytesPerSecond capacity;
};

/// A link whose flows had to share it.
struct ContendedLink {
  std::string name;
  double utilization{};  ///< of what it could have carried from the first arrival on
  Seconds shared;        ///< with several flows on it
  Seconds busy;          ///< with any
  std::int32_t peak_flows{};
};

struct LinkShares {
  std::string name;
  std::vector<double> shares;  ///< of what it could carry, by bin; the last bin ends with the run,
                               ///< or nothing was carried after it
};

struct NetworkFigures {
  std::vector<ContendedLink> contended_links;  ///< those shared longest, 10 at most, in that order
  IncastUse incast;
  Seconds bin{};                     ///< width; the first begins at 0
  std::vector<LinkShares> timeline;  ///< of links used for 5 % and more, the 16 most used at most
};

/// What a run's links were looked at for.
struct ObservedTime {
  Seconds length;  ///< from the first arrival on
  Seconds end;     ///< since the scenario's start
};

/// @param links as many as there are uses of links; none: no figures
NetworkFigures network_figures(const NetworkUse& use, std::span<const LinkCapacity> links,
                               ObservedTime observed);

}  // namespace kvferry::analysis
