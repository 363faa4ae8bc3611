// What must hold in every run, on randomised systems and workloads.
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "sim/placement.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

namespace kvferry::sim {
namespace {

SimulationConfig random_system(RandomStream& random) {
  const auto pick = [&](auto... choices) {
    const std::array all{choices...};
    return all[random.below(all.size())];
  };
  SimulationConfig config = small_system();
  config.prefill.instances = static_cast<std::int32_t>(1 + random.below(3));
  config.decode.instances = static_cast<std::int32_t>(1 + random.below(3));
  config.prefill.tensor_parallel = pick(1, 2, 4);
  config.decode.tensor_parallel = pick(1, 2, 4);
  for (PoolConfig* pool : {&config.prefill, &config.decode}) {
    pool->router =
        pick(RouterPolicy::round_robin, RouterPolicy::least_loaded, RouterPolicy::shortest_queue,
             RouterPolicy::random, RouterPolicy::power_of_two, RouterPolicy::prefix_aware,
             RouterPolicy::network_aware);
  }
  config.prefill.max_batch_tokens = pick(512, 4096, 16384);
  config.decode.max_batch_size = pick(2, 16, 256);
  const bool on_nodes = pick(true, false);
  topologies::TwoTierSpec& nodes = two_tier(config);
  nodes.link_bandwidth = {pick(1e9, 12.5e9, 50e9)};
  nodes.link_latency = {pick(0.0, 2e-6, 1e-3)};
  nodes.oversubscription = pick(1.0, 4.0);
  if (!on_nodes) {
    config.network.topology = topologies::PointToPointSpec{.link_bandwidth = nodes.link_bandwidth,
                                                           .link_latency = nodes.link_latency};
  }
  config.transfer = {pick(Overlap::none, Overlap::pipelined), pick(1, 4, 7), pick(1, 2, 8), true};
  config.first_token = pick(FirstToken::kv_ready, FirstToken::decode_step, FirstToken::prefill);
  // Caches of a few thousand tokens: back-pressure on both sides, and requests that never fit.
  for (PoolConfig* pool : {&config.prefill, &config.decode}) {
    const double weights = static_cast<double>(weight_bytes(config.model, config.weights).value);
    const double tokens = pick(3000.0, 8000.0, 40'000.0);
    pool->kv_memory_fraction = (weights + tokens * 131'072) / pool->tensor_parallel / 80e9;
  }
  if (random.below(4) == 0) config.horizon = Seconds{1.5};
  return config;
}

std::vector<workloads::Request> random_requests(RandomStream& random) {
  std::vector<workloads::Request> requests;
  double when = 0;
  const auto count = static_cast<std::int64_t>(random.below(120));
  for (std::int64_t id = 0; id < count; ++id) {
    if (random.below(3) != 0)
      when += random.exponential() * 0.05;  // one in three arrives with the one before
    const auto input =
        static_cast<std::int64_t>(1 + random.below(random.below(10) == 0 ? 9000 : 1500));
    const auto output = static_cast<std::int64_t>(1 + random.below(60));
    requests.push_back(request(id, when, input, output));
  }
  return requests;
}

std::unique_ptr<codec::TransferCodec> random_codec(RandomStream& random) {
  if (random.below(2) == 0) return codec::make_raw_transfer();
  return codec::make_constant_codec({{{100e-6}, {50e9}}, {{50e-6}, {100e9}}, 1.33});
}

void expect_ordered_dates(const RequestRecord& r, FirstToken convention) {
  EXPECT_LE(r.arrival, r.prefill_start);
  EXPECT_LT(r.prefill_start, r.prefill_end);
  EXPECT_LE(r.prefill_end, r.transfer_start);
  EXPECT_LT(r.transfer_start, r.kv_ready);
  if (r.first_decode_step != kNever) {
    EXPECT_LT(r.kv_ready, r.first_decode_step);
  }
  switch (convention) {
    case FirstToken::kv_ready:
      EXPECT_EQ(r.first_token, r.kv_ready);
      break;
    case FirstToken::decode_step:
      EXPECT_EQ(r.first_token, r.first_decode_step);
      break;
    case FirstToken::prefill:
      EXPECT_EQ(r.first_token, r.prefill_end);
      break;
  }
  EXPECT_LE(r.first_token, r.finish);
}

// Nothing can be busy for longer than the run lasts, nor carry more than it is able to.
void expect_busy_within_time(const SimulationConfig& config, const SimulationResult& result) {
  constexpr double kRounding = 1 + 1e-9;
  const Placement placement = place(config);
  const SimulationTotals& totals = result.totals;
  const auto limit = [&](std::int64_t machines) {
    return totals.end.value * static_cast<double>(machines) * kRounding;
  };
  EXPECT_LE(totals.prefill_busy.value, limit(config.prefill.instances));
  EXPECT_LE(totals.decode_busy.value, limit(config.decode.instances));
  EXPECT_LE(totals.encode_busy.value,
            limit(config.prefill.instances * config.prefill.tensor_parallel));
  EXPECT_LE(totals.decode_codec_busy.value,
            limit(config.decode.instances * config.decode.tensor_parallel));
  for (std::size_t i = 0; i < placement.topology.links.size(); ++i) {
    const topologies::Link& link = placement.topology.links[i];
    EXPECT_LE(static_cast<double>(result.network.links[i].carried.value),
              link.capacity.value * totals.end.value * kRounding)
        << link.name;
  }
}

void expect_conserved(const SimulationConfig& config, const SimulationResult& result) {
  Bytes wire{};
  std::int64_t gaps = 0;
  for (const RequestRecord& r : result.records) {
    wire += r.kv_wire;
    if (r.outcome == Outcome::finished) {
      expect_ordered_dates(r, config.first_token);
      EXPECT_EQ(r.kv_raw.value, r.input_tokens * 131'072);
      EXPECT_GE(r.decode_instance, 0);
      gaps += r.output_tokens - 1;
    }
    if (!config.horizon) {
      EXPECT_NE(r.outcome, Outcome::unfinished);
    }
    if (is_rejected(r.outcome)) {
      EXPECT_EQ(r.prefill_start, kNever);
    }
  }
  std::int64_t counted = 0;
  for (const TokenGapRun& run : result.token_gaps) {
    EXPECT_GT(run.first_gap.value, 0);
    counted += run.gaps * run.sequences;
  }
  expect_busy_within_time(config, result);
  if (config.horizon) return;
  EXPECT_EQ(result.totals.kv_blocks_in_use, 0) << "what was allocated was released";
  EXPECT_EQ(counted, gaps) << "every token but the first has a gap before it";
  // Every flow crosses exactly one link that leaves a prefill GPU (or the single link).
  const Placement placement = place(config);
  Bytes leaving{};
  for (std::size_t i = 0; i < placement.topology.links.size(); ++i) {
    const std::string& name = placement.topology.links[i].name;
    const bool out = name == "link-forward" || (name.starts_with("nic") && name.ends_with("-out"));
    if (out) leaving += result.network.links[i].carried;
  }
  EXPECT_EQ(leaving, wire);
}

TEST(Invariants, HoldOnRandomSystems) {
  RandomStream random(2026, "invariants");
  for (int i = 0; i < 150; ++i) {
    SCOPED_TRACE("system " + std::to_string(i));
    const SimulationConfig config = random_system(random);
    const auto requests = random_requests(random);
    const auto codec = random_codec(random);
    const auto result = simulate_isolated(config, requests, *codec);
    ASSERT_EQ(result.records.size(), requests.size());
    expect_conserved(config, result);
    if (::testing::Test::HasFailure()) break;
  }
}

bool same_bytes(const SimulationResult& a, const SimulationResult& b) {
  const auto equal = [](const RequestRecord& x, const RequestRecord& y) {
    return x.finish == y.finish && x.kv_ready == y.kv_ready && x.prefill_end == y.prefill_end &&
           x.kv_wire == y.kv_wire && x.decode_instance == y.decode_instance &&
           x.outcome == y.outcome;
  };
  return std::equal(a.records.begin(), a.records.end(), b.records.begin(), b.records.end(),
                    equal) &&
         a.network == b.network && a.totals.flows == b.totals.flows;
}

TEST(Invariants, TheSameInputGivesTheSameBits) {
  RandomStream random(7, "determinism");
  for (int i = 0; i < 20; ++i) {
    const SimulationConfig config = random_system(random);
    const auto requests = random_requests(random);
    const auto codec = codec::make_constant_codec({{{100e-6}, {50e9}}, {{50e-6}, {100e9}}, 1.33});
    EXPECT_TRUE(same_bytes(simulate_isolated(config, requests, *codec),
                           simulate_isolated(config, requests, *codec)));
  }
}

double mean_ttft(const SimulationConfig& config, const std::vector<workloads::Request>& requests) {
  const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
  double sum = 0;
  for (const RequestRecord& r : result.records) sum += (r.first_token - r.arrival).value;
  return sum / static_cast<double>(result.records.size());
}

TEST(Invariants, AFasterLinkNeverMakesTheMeanWorse) {
  RandomStream random(3, "links");
  std::vector<workloads::Request> requests;
  double when = 0;
  for (std::int64_t id = 0; id < 300; ++id) {
    when += random.exponential() / 12;
    requests.push_back(request(id, when, 200 + static_cast<std::int64_t>(random.below(3000)), 20));
  }
  double previous = 1e9;
  for (const double bandwidth : {1e9, 2e9, 5e9, 12.5e9, 25e9, 50e9, 1e12}) {
    SimulationConfig config = small_system();
    two_tier(config).link_bandwidth = {bandwidth};
    const double ttft = mean_ttft(config, requests);
    EXPECT_LE(ttft, previous) << bandwidth;
    previous = ttft;
  }
}

TEST(Router, RoundRobinUsesEveryInstanceOfBothPools) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  config.decode.instances = 2;
  config.prefill.router = RouterPolicy::round_robin;
  config.decode.router = RouterPolicy::round_robin;
  std::vector<workloads::Request> requests;
  for (std::int64_t id = 0; id < 20; ++id)
    requests.push_back(request(id, static_cast<double>(id), 100, 5));
  const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(result.records[i].prefill_instance, static_cast<std::int32_t>(i % 2));
    EXPECT_EQ(result.records[i].decode_instance, static_cast<std::int32_t>(i % 2));
  }
}

TEST(Router, LeastLoadedAvoidsTheBusyInstance) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  config.decode.instances = 2;
  const auto result =
      simulate_isolated(config, std::vector{request(0, 0, 8000, 500), request(1, 0.001, 100, 5)},
                        *codec::make_raw_transfer());
  EXPECT_EQ(result.records[0].prefill_instance, 0);
  EXPECT_EQ(result.records[1].prefill_instance, 1);
}

// 1000 tokens take some 30 ms of prefill, and then 131 ms on a NIC of 1 GB/s: until then the engine
// has the request, its blocks and a busy NIC.
TEST(Router, LeastLoadedCountsHandOffsThatHaveNotLeft) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  two_tier(config).link_bandwidth = {1e9};
  const auto result =
      simulate_isolated(config,
                        std::vector{request(0, 0, 1000, 5), request(1, 0.1, 1000, 5),
                                    request(2, 1, 1000, 5), request(3, 2, 1000, 5)},
                        *codec::make_raw_transfer());
  ASSERT_LT(result.records[0].prefill_end.value, 0.1);
  ASSERT_GT(result.records[0].kv_ready.value, 0.1);
  EXPECT_EQ(result.records[0].prefill_instance, 0);
  EXPECT_EQ(result.records[1].prefill_instance, 1);
  EXPECT_EQ(result.records[2].prefill_instance, 0) << "everything has left";
  EXPECT_EQ(result.records[3].prefill_instance, 0) << "and again";
}

TEST(Placement, PoolsAreOnSeparateNodesAndNoInstanceStraddlesTwo) {
  SimulationConfig config = small_system();
  config.prefill.instances = 3;
  config.prefill.tensor_parallel = 4;
  config.decode.tensor_parallel = 8;
  const Placement placement = place(config);
  EXPECT_EQ(placement.engines[2].first, 8);
  EXPECT_EQ(placement.engines[3].first, 16) << "the first GPU of the third node";
  EXPECT_EQ(placement.topology.gpu_count, 24);
}

}  // namespace
}  // namespace kvferry::sim
