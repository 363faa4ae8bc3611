// Flows per CPU second. As many flows as stated are kept under way between random pairs of hosts: when
// one ends, the next starts, so that every end and every start shares the links anew. Sizes are random,
// there is no latency. Hosts have a NIC of 50 GB/s each, and sit on one switch (star) or in a fat tree
// of 16 hosts per edge switch, whose other tiers never limit.
//
// SimGrid allows one run per process: every measurement runs in a child of its own, building the
// platform included. "comm_over_direct" is the ratio of both back-ends' times.
#include "sim/base/random.hpp"
#include "sim/network_backend.hpp"
#include "sim/simgrid/engine.hpp"
#include "topologies/topology.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;
using topologies::Topology;

constexpr BytesPerSecond kNic{50e9};
constexpr GpuId kHostsPerEdge = 16;
constexpr GpuId kEdgesPerPod = 4;
constexpr GpuId kCores = 16;

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void add_nics(Topology& topology, GpuId hosts) {
  topology.gpu_count = hosts;
  for (GpuId host = 0; host < hosts; ++host) {
    topology.links.push_back({"out" + std::to_string(host), kNic, {0}});
    topology.links.push_back({"in" + std::to_string(host), kNic, {0}});
  }
  give_each_gpu_a_nic(topology);
}

Topology star(GpuId hosts) {
  Topology topology;
  add_nics(topology, hosts);
  set_only_path(topology, [](GpuId from, GpuId to, std::vector<LinkId>& path) {
    path.insert(path.end(), {2 * from, 2 * to + 1});
  });
  return topology;
}

// Two to six links: NICs; within a pod up to one of its aggregation switches and down again; between
// pods up to a core, too. An edge has as many links up as hosts, an aggregation switch as many cores.
Topology fat_tree(GpuId hosts) {
  Topology topology;
  add_nics(topology, hosts);
  const GpuId edges = (hosts + kHostsPerEdge - 1) / kHostsPerEdge;
  const GpuId pods = (edges + kEdgesPerPod - 1) / kEdgesPerPod;
  const auto add = [&](const char* tier, GpuId count) {
    const auto first = static_cast<LinkId>(topology.links.size());
    for (GpuId i = 0; i < count * kCores; ++i) {
      for (const char* direction : {"-up", "-down"})
        topology.links.push_back({tier + std::to_string(i) + direction, kNic, {0}});
    }
    return first;
  };
  const LinkId first_edge = add("edge", edges);
  const LinkId first_pod = add("pod", pods * kEdgesPerPod);
  topology.path_count = [](GpuId from, GpuId to) {
    return from / kHostsPerEdge == to / kHostsPerEdge ? 1 : kCores;
  };
  topology.append_path = [=](GpuId from, GpuId to, std::int32_t choice, std::vector<LinkId>& path) {
    const GpuId from_edge = from / kHostsPerEdge;
    const GpuId to_edge = to / kHostsPerEdge;
    const auto link = [choice](LinkId first, GpuId at) {
      return first + 2 * (at * kCores + choice);
    };
    path.push_back(2 * from);
    if (from_edge != to_edge) {
      path.push_back(link(first_edge, from_edge));
      const GpuId from_pod = from_edge / kEdgesPerPod;
      const GpuId to_pod = to_edge / kEdgesPerPod;
      const GpuId plane = choice % kEdgesPerPod;
      if (from_pod != to_pod) {
        path.push_back(link(first_pod, from_pod * kEdgesPerPod + plane));
        path.push_back(link(first_pod, to_pod * kEdgesPerPod + plane) + 1);
      }
      path.push_back(link(first_edge, to_edge) + 1);
    }
    path.push_back(2 * to + 1);
  };
  return topology;
}

/// Keeps flows under way until enough have ended.
class Traffic {
 public:
  Traffic(const Topology& topology, NetworkBackend backend, std::int64_t flows)
      : topology_(topology), engine_(topology, backend), left_(flows) {}

  void run(std::int64_t under_way) {
    engine_.loop().at({0}, EventPriority::transfer, [=, this] {
      for (std::int64_t i = 0; i < under_way; ++i) start_next();
    });
    engine_.run();
  }

 private:
  void start_next() {
    if (left_-- <= 0) return;
    const auto hosts = static_cast<std::uint64_t>(topology_.gpu_count);
    const std::uint64_t from = random_.below(hosts);
    const std::uint64_t to = (from + 1 + random_.below(hosts - 1)) % hosts;
    const auto source = static_cast<GpuId>(from);
    const auto target = static_cast<GpuId>(to);
    path_.clear();
    const auto paths = static_cast<std::uint64_t>(topology_.path_count(source, target));
    topology_.append_path(source, target, static_cast<std::int32_t>(random_.below(paths)), path_);
    const auto bytes = static_cast<std::int64_t>(1e8 * (1 + random_.uniform()));
    engine_.network().start({source, target, {bytes}, path_, {}},
                            [this](const FlowReport&) { start_next(); });
  }

  const Topology& topology_;
  SimGridEngine engine_;
  RandomStream random_{1, "traffic"};
  std::vector<LinkId> path_;
  std::int64_t left_;
};

/// CPU seconds that `work` takes in a child process.
double seconds_in_a_child(const std::function<void()>& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    const double before = cpu_seconds();
    work();
    const double taken = cpu_seconds() - before;
    ::_exit(::write(ends[1], &taken, sizeof(taken)) == sizeof(taken) ? 0 : 1);
  }
  ::close(ends[1]);
  double taken = 0;
  const ssize_t got = ::read(ends[0], &taken, sizeof(taken));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  if (got != sizeof(taken)) std::abort();
  return taken;
}

using Build = Topology (*)(GpuId hosts);

// The back-ends take turns, so that both meet the machine in the same state; the least of each counts.
void flows_per_second(benchmark::State& state, Build build) {
  constexpr std::int64_t kFlows = 20'000;
  constexpr int kTurns = 3;
  const Topology topology = build(static_cast<GpuId>(state.range(0)));
  const auto seconds = [&](NetworkBackend backend) {
    return seconds_in_a_child([&] { Traffic(topology, backend, kFlows).run(state.range(1)); });
  };
  double comm = std::numeric_limits<double>::infinity();
  double direct = comm;
  for ([[maybe_unused]] auto _ : state) {
    for (int turn = 0; turn < kTurns; ++turn) {
      comm = std::min(comm, seconds(NetworkBackend::comm));
      if (is_built(NetworkBackend::direct))
        direct = std::min(direct, seconds(NetworkBackend::direct));
    }
    state.SetIterationTime(std::min(comm, direct));
  }
  const auto flows = static_cast<double>(kFlows);
  state.counters["comm_per_s"] = flows / comm;
  if (!is_built(NetworkBackend::direct)) return;
  state.counters["direct_per_s"] = flows / direct;
  state.counters["comm_over_direct"] = comm / direct;
}

// Of the topology's value and of SimGrid's platform, without flows.
void building(benchmark::State& state, Build build) {
  for ([[maybe_unused]] auto _ : state) {
    state.SetIterationTime(seconds_in_a_child([&] {
      const Topology topology = build(static_cast<GpuId>(state.range(0)));
      SimGridEngine engine(topology);
    }));
  }
}

void register_rows(const std::string& name, Build build) {
  benchmark::RegisterBenchmark((name + "/flows").c_str(), flows_per_second, build)
      ->ArgNames({"hosts", "under_way"})
      ->ArgsProduct({{32, 1024}, {10, 100, 1000}})
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark((name + "/build").c_str(), building, build)
      ->ArgNames({"hosts"})
      ->Arg(1024)
      ->Arg(10'000)
      ->UseManualTime()
      ->Iterations(3)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace kvferry::sim

int main(int argc, char** argv) {
  kvferry::sim::register_rows("star", kvferry::sim::star);
  kvferry::sim::register_rows("fat tree", kvferry::sim::fat_tree);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
