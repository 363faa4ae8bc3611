// Chooses an instance of a pool for a request.
//
// A router sees its pool through a view: how many requests and tokens each instance has, and how
// much of a prompt its KV cache holds, and when a hand-off could be complete there. Of instances that are equal to a policy, the first is chosen
// unless said otherwise. First call: pick().
#pragma once

#include "sim/base/random.hpp"
#include "sim/base/units.hpp"
#include "sim/kv_cache.hpp"
#include "sim/simulation_config.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <unordered_map>

namespace kvferry::sim {

/// What a router may know of a request.
struct RoutedRequest {
  std::int64_t session = -1;  ///< -1: none
  std::int64_t input_tokens{};
  std::span<const BlockKey> keys;  ///< of the prompt's blocks; empty when they have none
};

/// What a router may know of its pool:
///   size()            instances that can take the request, at least one
///   number(i)         which one of all that is, whoever else can take the request
///   requests(i)       that instance i has, waiting or running
///   tokens(i)         of these requests, that instance i has yet to work on
///   cached_tokens(i, request)  of the prompt that instance i would not compute; below its length
///   kv_ready_after(i, request)  from now on, until its KV cache could be usable on instance i
template <typename View>
concept PoolView = requires(const View& pool, std::size_t i, const RoutedRequest& request) {
  { pool.size() } -> std::convertible_to<std::size_t>;
  { pool.number(i) } -> std::convertible_to<std::int32_t>;
  { pool.requests(i) } -> std::convertible_to<std::int64_t>;
  { pool.tokens(i) } -> std::convertible_to<std::int64_t>;
  { pool.cached_tokens(i, request) } -> std::convertible_to<std::int64_t>;
  { pool.kv_ready_after(i, request) } -> std::convertible_to<Seconds>;
};

/// One per pool, so that the turns and the chances of one pool never shift those of the other.
class Router {
 public:
  /// @param pool names the random stream, so it must differ between the pools of a run
  Router(RouterPolicy policy, std::uint64_t seed, std::string_view pool);

  template <PoolView View>
  std::size_t pick(const RoutedRequest& request, const View& pool);

  /// No further turn of this session will come: what is remembered of it is dropped. A session that
  /// is never ended is remembered for as long as the router lives.
  void session_ended(std::int64_t session) { homes_.erase(session); }

  /// Of which a turn may still come; only session_sticky remembers any.
  std::size_t remembered_sessions() const { return homes_.size(); }

 private:
  struct Pair {
    std::size_t first;
    std::size_t second;
  };

  Pair two_of(std::size_t instances);
  template <PoolView View>
  static std::size_t least_loaded(const View& pool);
  template <typename Cost, PoolView View, typename CostOf>
  static std::size_t cheapest(const View& pool, CostOf cost_of);
  template <PoolView View>
  static std::size_t least_to_compute(const RoutedRequest& request, const View& pool);
  template <PoolView View>
  std::size_t home_of(std::int64_t session, const View& pool);

  RouterPolicy policy_;
  RandomStream random_;
  std::uint64_t turn_ = 0;
  std::unordered_map<std::int64_t, std::int32_t> homes_;  // by session; never iterated
};

template <PoolView View>
std::size_t Router::pick(const RoutedRequest& request, const View& pool) {
  switch (policy_) {
    case RouterPolicy::round_robin:
      return turn_++ % pool.size();
    case RouterPolicy::least_loaded:
      break;
    case RouterPolicy::shortest_queue:
      return cheapest<std::int64_t>(pool,
                                    [&](std::size_t i, std::int64_t) { return pool.tokens(i); });
    case RouterPolicy::random:
      return random_.below(pool.size());
    case RouterPolicy::power_of_two: {
      const Pair drawn = two_of(pool.size());
      return pool.requests(drawn.second) < pool.requests(drawn.first) ? drawn.second : drawn.first;
    }
    case RouterPolicy::prefix_aware:
      return least_to_compute(request, pool);
    case RouterPolicy::session_sticky:
      return home_of(request.session, pool);
    case RouterPolicy::network_aware:
      return cheapest<double>(pool, [&](std::size_t i, double) {
        return Seconds(pool.kv_ready_after(i, request)).value;
      });
  }
  return least_loaded(pool);
}

template <PoolView View>
std::size_t Router::least_loaded(const View& pool) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < pool.size(); ++i) {
    if (pool.requests(i) < pool.requests(best)) best = i;
  }
  return best;
}

// The least costly instance; of equals the one with fewer requests, then the first.
// cost_of(i, bound) may answer anything above `bound` when the true cost is above it.
template <typename Cost, PoolView View, typename CostOf>
std::size_t Router::cheapest(const View& pool, CostOf cost_of) {
  std::size_t best = 0;
  Cost best_cost = cost_of(0, std::numeric_limits<Cost>::max());
  for (std::size_t i = 1; i < pool.size(); ++i) {
    const Cost cost = cost_of(i, best_cost);
    if (cost > best_cost) continue;
    if (cost == best_cost && pool.requests(i) >= pool.requests(best)) continue;
    best = i;
    best_cost = cost;
  }
  return best;
}

// Walking a prompt's blocks costs more than comparing queues: a queue that alone is too long
// decides without it, as at least one token of any prompt is computed.
template <PoolView View>
std::size_t Router::least_to_compute(const RoutedRequest& request, const View& pool) {
  return cheapest<std::int64_t>(pool, [&](std::size_t i, std::int64_t bound) {
    const std::int64_t queued = pool.tokens(i);
    if (queued >= bound) return queued + 1;
    return queued + request.input_tokens - pool.cached_tokens(i, request);
  });
}

template <PoolView View>
std::size_t Router::home_of(std::int64_t session, const View& pool) {
  if (session < 0) return least_loaded(pool);
  const auto known = homes_.find(session);
  if (known != homes_.end()) {
    for (std::size_t i = 0; i < pool.size(); ++i) {
      if (pool.number(i) == known->second) return i;
    }
  }
  const std::size_t home = least_loaded(pool);
  homes_.insert_or_assign(session, pool.number(home));
  return home;
}

}  // namespace kvferry::sim
