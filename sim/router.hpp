// Chooses an instance of a pool for a request.
#pragma once

#include "sim/simulation_config.hpp"

#include <cstddef>
#include <cstdint>

namespace kvferry::sim {

/// One per pool, so that the turns of one pool never shift those of the other.
class Router {
 public:
  explicit Router(RouterPolicy policy) : policy_(policy) {}

  /// @param load_of(i) the requests that instance i has; the least loaded of equals is the first
  template <typename LoadOf>
  std::size_t pick(std::size_t instances, LoadOf load_of) {
    if (policy_ == RouterPolicy::round_robin) return turn_++ % instances;
    std::size_t best = 0;
    for (std::size_t i = 1; i < instances; ++i) {
      if (load_of(i) < load_of(best)) best = i;
    }
    return best;
  }

 private:
  RouterPolicy policy_;
  std::uint64_t turn_ = 0;
};

}  // namespace kvferry::sim
