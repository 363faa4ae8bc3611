#include "sim/router.hpp"

#include <cassert>
#include <string>

namespace kvferry::sim {

Router::Router(RouterPolicy policy, std::uint64_t seed, std::string_view pool)
    : policy_(policy), random_(seed, "router " + std::string(pool)) {}

// Two different ones, every ordered pair equally likely; of one instance twice the same.
Router::Pair Router::two_of(std::size_t instances) {
  assert(instances > 0);
  if (instances == 1) return {0, 0};
  const std::size_t first = random_.below(instances);
  const std::size_t second = random_.below(instances - 1);
  return {first, second < first ? second : second + 1};
}

}  // namespace kvferry::sim
