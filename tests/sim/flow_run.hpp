// Flows that start, and links that change, at stated dates on SimGrid: one such run per process.
#pragma once

#include "sim/simgrid/engine.hpp"
#include "topologies/topology.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace kvferry::sim {

constexpr std::int64_t kGB = 1'000'000'000;
constexpr double kTolerance_s = 1e-9;

/// GPUs whose flows take the links that `path_between` says; links carry no latency.
inline topologies::Topology linked_gpus(
    topologies::GpuId gpus, const std::vector<double>& capacities,
    std::function<std::vector<topologies::LinkId>(topologies::GpuId, topologies::GpuId)>
        path_between) {
  topologies::Topology topology;
  topology.gpu_count = gpus;
  for (std::size_t i = 0; i < capacities.size(); ++i)
    topology.links.push_back({"link" + std::to_string(i), {capacities[i]}, {0}});
  set_only_path(topology, [path_between = std::move(path_between)](
                              topologies::GpuId from, topologies::GpuId to,
                              std::vector<topologies::LinkId>& path) {
    for (const topologies::LinkId link : path_between(from, to)) path.push_back(link);
  });
  give_each_gpu_a_nic(topology);
  return topology;
}

/// A switch with a link of 1 GB/s from and to each GPU: 2 g leads out of GPU g, 2 g + 1 into it.
inline topologies::Topology star_of_1_GBps(topologies::GpuId gpus) {
  topologies::Topology topology = linked_gpus(
      gpus, std::vector<double>(2 * static_cast<std::size_t>(gpus), 1e9),
      [](topologies::GpuId from, topologies::GpuId to) -> std::vector<topologies::LinkId> {
        return {2 * from, 2 * to + 1};
      });
  for (topologies::GpuId gpu = 0; gpu < gpus; ++gpu) {
    topology.vertices.push_back({"gpu" + std::to_string(gpu), topologies::VertexKind::gpu});
    topology.links[2 * static_cast<std::size_t>(gpu)].from = gpu;
    topology.links[2 * static_cast<std::size_t>(gpu)].to = gpus;
    topology.links[2 * static_cast<std::size_t>(gpu) + 1].from = gpus;
    topology.links[2 * static_cast<std::size_t>(gpu) + 1].to = gpu;
  }
  topology.vertices.push_back({"switch", topologies::VertexKind::fabric_switch});
  return topology;
}

/// One link of 1 GB/s that all flows take.
inline topologies::Topology one_link_of_1_GBps(topologies::GpuId gpus = 2) {
  return linked_gpus(gpus, {1e9}, [](auto, auto) { return std::vector<topologies::LinkId>{0}; });
}

class FlowRun {
 public:
  FlowRun(topologies::Topology topology, NetworkBackend backend,
          const std::optional<IncastLoss>& loss = {})
      : topology_(std::move(topology)), engine_(topology_, backend, loss) {}

  struct Flow {
    FlowHandle handle;
    double end_s = -1;  ///< -1: never reported
    FlowReport report;
    int reports = 0;
  };

  /// The flow that starts then; it stays where it is.
  const Flow& flow(double start_s, topologies::GpuId from, topologies::GpuId to, std::int64_t bytes,
                   std::optional<BytesPerSecond> cap = {}) {
    Flow& flow = flows_.emplace_back();
    at(start_s, [=, this, &flow](Network&) { start(flow, from, to, bytes, cap); });
    return flow;
  }

  void at(double when_s, std::function<void(Network&)> action) {
    engine_.loop().at({when_s}, EventPriority::iteration_end,
                      [this, action = std::move(action)] { action(engine_.network()); });
  }

  const Flow& start_now(topologies::GpuId from, topologies::GpuId to, std::int64_t bytes) {
    Flow& flow = flows_.emplace_back();
    start(flow, from, to, bytes, {});
    return flow;
  }

  /// Runs when the next flow is reported, after its report is noted.
  std::function<void(const Flow&)> on_end;

  void run() { engine_.run(); }
  SimGridEngine& engine() { return engine_; }

  /// In the order of their reports.
  const std::vector<const Flow*>& reported() const { return reported_; }

 private:
  void start(Flow& flow, topologies::GpuId from, topologies::GpuId to, std::int64_t bytes,
             std::optional<BytesPerSecond> cap) {
    const std::vector<topologies::LinkId> path = topology_.path(from, to);
    flow.handle = engine_.network().start({from, to, {bytes}, path, cap},
                                          [this, &flow](const FlowReport& report) {
                                            flow.end_s = engine_.loop().now().value;
                                            flow.report = report;
                                            ++flow.reports;
                                            reported_.push_back(&flow);
                                            if (on_end) on_end(flow);
                                          });
  }

  topologies::Topology topology_;
  SimGridEngine engine_;
  std::deque<Flow> flows_;
  std::vector<const Flow*> reported_;
};

}  // namespace kvferry::sim
