// Randomised systems and workloads: small caches, bursts, preemptions, sessions, every kind of
// engine and policy.
#pragma once

#include "sim/base/random.hpp"
#include "tests/sim/small_system.hpp"

#include <array>
#include <utility>
#include <vector>

namespace kvferry::sim {

template <typename... Choices>
auto pick(RandomStream& random, Choices... choices) {
  const std::array all{choices...};
  return all[random.below(all.size())];
}

// Room for so many tokens beside the weights.
inline void fit_cache(const SimulationConfig& config, PoolConfig& pool, double tokens) {
  const double weights = static_cast<double>(weight_bytes(config.model, config.weights).value);
  pool.kv_memory_fraction = (weights + tokens * 131'072) / pool.tensor_parallel / 80e9;
}

inline PoolConfig random_pool(RandomStream& random, const SimulationConfig& config) {
  PoolConfig pool;
  pool.gpu = gpu(pick(random, "h100-sxm", "a100-sxm-80gb"));
  pool.tensor_parallel = pick(random, 1, 2);
  pool.instances = pick(random, 1, 1, 2, 3);
  pool.kv_block_tokens = pick(random, 1, 16, 48);
  pool.max_batch_size = pick(random, 3, 12, 256);
  pool.max_batch_tokens = pick(random, 256, 1024, 8192);
  pool.chunked_prefill = random.below(2) == 0;
  pool.queue = pick(random, QueuePolicy::fcfs, QueuePolicy::shortest_first, QueuePolicy::priority);
  pool.preemption = pick(random, Preemption::recompute, Preemption::recompute, Preemption::swap,
                         Preemption::never);
  pool.watermark = pick(random, 0.0, 0.01, 0.05);
  pool.prefix_caching = random.below(2) == 0;
  pool.router =
      pick(random, RouterPolicy::round_robin, RouterPolicy::least_loaded,
           RouterPolicy::shortest_queue, RouterPolicy::random, RouterPolicy::power_of_two,
           RouterPolicy::prefix_aware, RouterPolicy::session_sticky, RouterPolicy::network_aware);
  fit_cache(config, pool, pick(random, 2950.0, 3300.0, 6000.0, 60'000.0));
  return pool;
}

inline SimulationConfig random_system(RandomStream& random) {
  SimulationConfig config = small_system();
  config.prefill = random_pool(random, config);
  config.decode = random_pool(random, config);
  if (random.below(3) == 0) config.decode.more.push_back(random_pool(random, config));
  if (random.below(4) == 0) config.mixed = random_pool(random, config);
  if (random.below(3) == 0) config.mode = Mode::colocated;
  config.key_tokens = 48;
  config.seed = random.below(1000);
  two_tier(config).link_bandwidth = {pick(random, 1e9, 12.5e9)};
  config.transfer.skip_cached = random.below(2) == 0;
  config.first_token =
      pick(random, FirstToken::kv_ready, FirstToken::decode_step, FirstToken::prefill);
  if (random.below(4) == 0)
    config.max_concurrency = static_cast<std::int64_t>(1 + random.below(20));
  if (random.below(5) == 0) config.horizon = Seconds{2 + random.uniform()};
  return config;
}

// Prompts of one family share their first blocks.
inline void name_blocks(workloads::Request& request, std::uint64_t family) {
  const std::int64_t blocks = (request.input_tokens + 47) / 48;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::uint64_t owner = i < 6 ? family : 1000 + static_cast<std::uint64_t>(request.id);
    request.prefix_blocks.push_back(owner * 1'000'000 + static_cast<std::uint64_t>(i));
  }
}

inline std::vector<workloads::Request> random_requests(RandomStream& random) {
  std::vector<workloads::Request> requests;
  double when = 0;
  const auto count = static_cast<std::int64_t>(20 + random.below(60));
  for (std::int64_t id = 0; id < count; ++id) {
    if (random.below(3) != 0) when += random.exponential() * 0.04;
    const auto input =
        static_cast<std::int64_t>(1 + random.below(random.below(8) == 0 ? 2000 : 500));
    const auto output =
        static_cast<std::int64_t>(1 + random.below(random.below(3) == 0 ? 900 : 60));
    workloads::Request next = request(id, when, input, output);
    next.priority = static_cast<std::int32_t>(random.below(3));
    if (random.below(3) == 0) name_blocks(next, random.below(4));
    if (random.below(3) == 0) next.session = id;
    if (id > 0 && random.below(5) == 0) {  // a turn, or a branch, of an earlier one's session
      next.after = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(id)));
      next.session = requests[static_cast<std::size_t>(next.after)].session;
      next.think = {random.exponential() * 0.05};
    }
    requests.push_back(std::move(next));
  }
  return requests;
}

}  // namespace kvferry::sim
