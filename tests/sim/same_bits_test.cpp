// Both back-ends give the same bits: flows at random among links that fail, come back and change
// their capacity, and whole simulations of random systems.
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "sim/network_backend.hpp"
#include "tests/sim/flow_run.hpp"
#include "tests/sim/in_a_child.hpp"
#include "tests/sim/random_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;

class SameBits : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_built(NetworkBackend::direct)) GTEST_SKIP() << "this build has one back-end only";
  }
};

std::vector<std::uint64_t> bits_of(const std::vector<double>& numbers) {
  std::vector<std::uint64_t> bits;
  for (const double number : numbers) bits.push_back(std::bit_cast<std::uint64_t>(number));
  return bits;
}

// Round dates and capacities make for many that coincide.
double random_date(RandomStream& random) {
  return random.below(2) == 0 ? random.uniform() * 4 : static_cast<double>(random.below(16)) / 4;
}

// Every pair of GPUs has a path of one to four links of its own choice.
topologies::Topology random_links(RandomStream& random, GpuId gpus) {
  std::vector<double> capacities;
  for (std::uint64_t i = 0; i < 6 + random.below(20); ++i)
    capacities.push_back(random.below(2) == 0 ? 1e9 : 1e8 * (1 + 99 * random.uniform()));
  const std::uint64_t seed = random.next_word();
  const std::uint64_t links = capacities.size();
  return linked_gpus(gpus, capacities, [=](GpuId from, GpuId to) {
    RandomStream choice(seed + static_cast<std::uint64_t>(from * 1000 + to), "path");
    std::vector<LinkId> path;
    for (std::uint64_t i = 0; i <= choice.below(4); ++i) {
      const auto link = static_cast<LinkId>(choice.below(links));
      if (std::ranges::find(path, link) == path.end()) path.push_back(link);
    }
    return path;
  });
}

/// A link is up, down or of another capacity from some date on.
void change_links(RandomStream& random, FlowRun& run, std::vector<bool>& is_up) {
  for (std::uint64_t i = 0; i < random.below(30); ++i) {
    const auto link = static_cast<LinkId>(random.below(is_up.size()));
    const bool up = random.below(2) == 0;
    if (random.below(2) == 0) {
      run.at(random_date(random), [link, up, &is_up](Network& network) {
        network.set_up(link, up);
        is_up[static_cast<std::size_t>(link)] = up;
      });
    } else {
      const BytesPerSecond capacity{up ? 2e9 : 1e9 * random.uniform()};
      run.at(random_date(random),
             [link, capacity](Network& network) { network.set_capacity(link, capacity); });
    }
  }
}

// When every flow ended and what was left of it, in the order of reports.
std::vector<double> random_run(std::uint64_t seed, NetworkBackend backend) {
  RandomStream random(seed, "same bits");
  constexpr GpuId kGpus = 8;
  const topologies::Topology topology = random_links(random, kGpus);
  FlowRun run(topology, backend);
  std::vector<bool> is_up(topology.links.size(), true);
  change_links(random, run, is_up);
  for (std::uint64_t i = 0; i < 5 + random.below(60); ++i) {
    const auto from = static_cast<GpuId>(random.below(kGpus));
    const auto to =
        static_cast<GpuId>((static_cast<std::uint64_t>(from) + 1 + random.below(7)) % 8);
    const auto bytes =
        random.below(2) == 0 ? kGB / 4 : static_cast<std::int64_t>(1 + random.below(kGB));
    const bool is_cancelled = random.below(6) == 0;
    const double patience = random.uniform();
    const double start = random_date(random);
    run.at(start,
           [&run, &is_up, &topology, from, to, bytes, start, is_cancelled, patience](Network&) {
             const std::vector<LinkId> path = topology.path(from, to);
             const bool is_open = std::ranges::all_of(
                 path, [&](LinkId link) { return is_up[static_cast<std::size_t>(link)]; });
             if (!is_open) return;
             const FlowHandle handle = run.start_now(from, to, bytes).handle;
             if (!is_cancelled) return;
             run.at(start + patience, [handle](Network& network) { network.cancel(handle); });
           });
  }
  run.run();
  std::vector<double> ends;
  for (const FlowRun::Flow* flow : run.reported()) {
    ends.insert(ends.end(),
                {flow->end_s, flow->report.left, static_cast<double>(flow->handle.sequence)});
  }
  return ends;
}

TEST_F(SameBits, OfFlowsOnLinksThatFailAndChange) {
  constexpr std::uint64_t kRuns = 300;
  std::size_t delivered = 0;
  std::size_t broken = 0;
  for (std::uint64_t seed = 1; seed <= kRuns && !HasFailure(); ++seed) {
    const std::vector<double> comm =
        in_a_child([=] { return random_run(seed, NetworkBackend::comm); });
    const std::vector<double> direct =
        in_a_child([=] { return random_run(seed, NetworkBackend::direct); });
    EXPECT_EQ(bits_of(comm), bits_of(direct)) << "seed " << seed;
    for (std::size_t i = 1; i < comm.size(); i += 3) ++(comm[i] > 0 ? broken : delivered);
  }
  EXPECT_GT(delivered, kRuns);
  EXPECT_GT(broken, kRuns / 4);
}

// Everything that the records say.
std::vector<std::uint64_t> bits_of(const SimulationResult& result) {
  std::vector<double> numbers;
  for (const RequestRecord& r : result.records) {
    for (const Seconds date :
         {r.scheduled, r.arrival, r.prefill_start, r.prefill_end, r.transfer_start, r.kv_ready,
          r.first_decode_step, r.first_token, r.finish, r.encode, r.network, r.decode_codec})
      numbers.push_back(date.value);
    for (const std::int64_t count :
         {r.request_id, r.cached_tokens, r.preemptions, r.kv_raw.value, r.kv_wire.value,
          std::int64_t{r.prefill_instance}, std::int64_t{r.decode_instance},
          static_cast<std::int64_t>(r.outcome)})
      numbers.push_back(static_cast<double>(count));
  }
  numbers.push_back(result.totals.end.value);
  return bits_of(numbers);
}

topologies::TopologySpec random_topology(RandomStream& random) {
  const BytesPerSecond bandwidth{10e9};
  const Seconds latency{pick(random, 0.0, 2e-6)};
  const std::int32_t gpus = pick(random, 2, 8);
  topologies::NodeSpec node;
  node.gpus = gpus;
  node.nics = pick(random, 1, gpus);
  node.nvlink = {{450e9}, {0}};
  node.nic = {bandwidth, latency};
  switch (random.below(4)) {
    case 0:
      return topologies::PointToPointSpec{.link_bandwidth = bandwidth, .link_latency = latency};
    case 1:
      return topologies::StarSpec{node};
    case 2:
      return topologies::LeafSpineSpec{
          .node = node, .nodes_per_leaf = 1, .spines = pick(random, 1, 3)};
    default:
      return topologies::TwoTierSpec{.gpus_per_node = gpus,
                                     .link_bandwidth = bandwidth,
                                     .link_latency = latency,
                                     .oversubscription = pick(random, 1.0, 4.0),
                                     .nvlink_bandwidth = {450e9}};
  }
}

SimulationConfig random_networked_system(RandomStream& random) {
  SimulationConfig config = random_system(random);
  config.mode = Mode::disaggregated;
  config.network.topology = random_topology(random);
  config.network.paths = pick(random, PathPolicy::ecmp, PathPolicy::adaptive);
  config.transfer.overlap = pick(random, Overlap::none, Overlap::pipelined, Overlap::layerwise);
  config.transfer.fidelity = Fidelity::chunks;
  return config;
}

TEST_F(SameBits, OfWholeSimulations) {
  constexpr std::uint64_t kSystems = 150;
  double flows = 0;
  for (std::uint64_t seed = 1; seed <= kSystems && !HasFailure(); ++seed) {
    RandomStream random(seed, "same bits of simulations");
    SimulationConfig config = random_networked_system(random);
    const std::vector<workloads::Request> requests = random_requests(random);
    const auto codec =
        random.below(2) == 0
            ? codec::make_raw_transfer()
            : codec::make_constant_codec({{{100e-6}, {50e9}}, {{50e-6}, {100e9}}, 1.33});
    config.network.backend = NetworkBackend::comm;
    const SimulationResult comm = simulate_isolated(config, requests, *codec);
    config.network.backend = NetworkBackend::direct;
    const SimulationResult direct = simulate_isolated(config, requests, *codec);
    EXPECT_EQ(bits_of(comm), bits_of(direct)) << "seed " << seed;
    EXPECT_EQ(comm.network, direct.network) << "seed " << seed;
    flows += static_cast<double>(comm.totals.flows);
  }
  EXPECT_GT(flows, 100 * kSystems);
}

// Both share 10 GB/s until the first ends at 2 * 1 GB / 10 GB/s = 0.2 s. The second then has 8 bytes
// left: 1.6 ns at its share, but 0.8 ns once the link is its own, and SimGrid calls less than 1 ns the
// same date. It does so while it shares the link without the first one, before a report can start
// another: whoever saves that sharing loses the bits.
TEST_F(SameBits, FlowsThatEndWithinSimGridsPrecision) {
  const auto ends_with = [](NetworkBackend backend) {
    return in_a_child([=] {
      FlowRun run(linked_gpus(4, {10e9}, [](auto, auto) { return std::vector<LinkId>{0}; }),
                  backend);
      const auto& first = run.flow(0, 0, 2, kGB);
      const auto& second = run.flow(0, 1, 3, kGB + 8);
      run.run();
      return std::vector<double>{first.end_s, second.end_s};
    });
  };
  const std::vector<double> comm = ends_with(NetworkBackend::comm);
  EXPECT_EQ(bits_of(ends_with(NetworkBackend::direct)), bits_of(comm));
  EXPECT_NEAR(comm[0], 0.2, kTolerance_s);
}

}  // namespace
}  // namespace kvferry::sim
