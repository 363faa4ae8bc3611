// Median and spread of repeated measurements.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <vector>

namespace kvferry::codec {

struct Quartiles {
  Seconds median;
  Seconds spread;  ///< third minus first quartile
};

/// Of at least one time; a quartile is a measured time, the one at that share of the sorted list.
inline Quartiles quartiles_of(std::vector<Seconds> times) {
  assert(!times.empty());
  std::ranges::sort(times);
  const auto at = [&](std::size_t quarter) { return times[(times.size() - 1) * quarter / 4]; };
  return {at(2), at(3) - at(1)};
}

}  // namespace kvferry::codec
