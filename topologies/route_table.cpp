#include "topologies/route_table.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

namespace kvferry::topologies {
namespace {

std::size_t index(std::int32_t id) {
  return static_cast<std::size_t>(id);
}

/// Where each GPU stands among the sources, and among the targets; -1: it does not.
class RouteFinder {
 public:
  RouteFinder(std::shared_ptr<const RouteTable> table, GpuId gpus)
      : table_(std::move(table)), as_source_(index(gpus), -1), as_target_(index(gpus), -1) {
    note(table_->pairs.sources, as_source_);
    note(table_->pairs.targets, as_target_);
  }

  bool knows(GpuId from, GpuId to) const { return is_forth(from, to) || is_forth(to, from); }

  std::span<const LinkId> route(GpuId from, GpuId to) const {
    const RoutedPairs& pairs = table_->pairs;
    if (is_forth(from, to)) {
      return table_->route(index(as_source_[index(from)]) * pairs.targets.size() +
                           index(as_target_[index(to)]));
    }
    return table_->route(pairs.count() + index(as_target_[index(from)]) * pairs.sources.size() +
                         index(as_source_[index(to)]));
  }

 private:
  static void note(const std::vector<GpuId>& gpus, std::vector<std::int32_t>& places) {
    std::int32_t place = 0;
    for (const GpuId gpu : gpus) places[index(gpu)] = place++;
  }
  bool is_forth(GpuId from, GpuId to) const {
    return as_source_[index(from)] >= 0 && as_target_[index(to)] >= 0;
  }

  std::shared_ptr<const RouteTable> table_;
  std::vector<std::int32_t> as_source_;
  std::vector<std::int32_t> as_target_;
};

/// What the routes from sources to targets join: one link begins where the one before it ends. A
/// link whose other direction is taken as well is seen in this one only.
class Joints {
 public:
  Joints(const RouteTable& table, GpuId gpus) : parent_(2 * table.links.size()) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    used_.resize(table.links.size());
    for (std::size_t pair = 0; pair < table.pairs.count(); ++pair) follow(table.route(pair));
    const std::size_t targets = table.pairs.targets.size();
    for (std::size_t pair = 0; pair < table.pairs.count(); ++pair) {
      const std::span<const LinkId> route = table.route(pair);
      attach(begin_of(route.front()), table.pairs.sources[pair / targets]);
      attach(end_of(route.back()), table.pairs.targets[pair % targets]);
    }
    gpus_ = gpus;
  }

  /// Gives the topology's links their ends, and adds what is no GPU.
  void join(Topology& topology) {
    for (std::size_t i = 0; i < topology.links.size(); ++i) {
      if (!used_[i]) continue;
      topology.links[i].from = vertex_of(begin_of(static_cast<LinkId>(i)), topology);
      topology.links[i].to = vertex_of(end_of(static_cast<LinkId>(i)), topology);
    }
  }

 private:
  static constexpr GpuId kSeveral = -1;

  static std::size_t begin_of(LinkId link) { return 2 * index(link); }
  static std::size_t end_of(LinkId link) { return 2 * index(link) + 1; }

  void follow(std::span<const LinkId> route) {
    for (std::size_t i = 0; i < route.size(); ++i) {
      used_[index(route[i])] = true;
      if (i > 0) parent_[root(end_of(route[i - 1]))] = root(begin_of(route[i]));
    }
  }

  std::size_t root(std::size_t end) {
    while (parent_[end] != end) end = parent_[end] = parent_[parent_[end]];
    return end;
  }

  void attach(std::size_t end, GpuId gpu) {
    const auto [entry, is_new] = gpu_at_.try_emplace(root(end), gpu);
    if (!is_new && entry->second != gpu) entry->second = kSeveral;
  }

  // Where routes of several GPUs begin, something stands between these and the link.
  VertexId vertex_of(std::size_t end, Topology& topology) {
    const std::size_t joint = root(end);
    const auto gpu = gpu_at_.find(joint);
    if (gpu != gpu_at_.end() && gpu->second != kSeveral) return gpu->second;
    const auto next = static_cast<VertexId>(topology.vertices.size());
    const auto [entry, is_new] = vertex_at_.try_emplace(joint, next);
    if (is_new)
      topology.vertices.push_back(
          {"joint" + std::to_string(next - gpus_), VertexKind::fabric_switch});
    return entry->second;
  }

  std::vector<std::size_t> parent_;  ///< of each link's begin and end; roots are their own
  std::vector<bool> used_;
  std::map<std::size_t, GpuId> gpu_at_;
  std::map<std::size_t, VertexId> vertex_at_;
  GpuId gpus_{};
};

}  // namespace

BytesPerSecond slowest_end(const RouteTable& table) {
  BytesPerSecond slowest{std::numeric_limits<double>::infinity()};
  for (std::size_t i = 0; i + 1 < table.first.size(); ++i)
    slowest = std::min(slowest, table.links[index(table.route(i).front())].capacity);
  return slowest;
}

Topology routed(const RoutedSpec& spec, std::int32_t nodes) {
  Topology topology;
  topology.preset = spec.preset;
  topology.gpu_count = spec.gpus_per_node * nodes;
  topology.gpus_per_node = spec.gpus_per_node;
  topology.description = std::to_string(topology.gpu_count) + " of the " +
                         std::to_string(spec.table->gpus.size()) + " hosts of " + spec.origin +
                         ", and the " + std::to_string(spec.table->links.size()) +
                         " links between the two sides of hand-offs";
  for (GpuId gpu = 0; gpu < topology.gpu_count; ++gpu)
    topology.vertices.push_back({spec.table->gpus[index(gpu)], VertexKind::gpu});
  topology.links = spec.table->links;
  Joints(*spec.table, topology.gpu_count).join(topology);
  give_each_gpu_a_nic(topology);
  const auto routes = std::make_shared<const RouteFinder>(spec.table, topology.gpu_count);
  topology.path_count = [routes](GpuId from, GpuId to) { return routes->knows(from, to) ? 1 : 0; };
  topology.append_path = [routes](GpuId from, GpuId to, std::int32_t, std::vector<LinkId>& path) {
    const std::span<const LinkId> route = routes->route(from, to);
    path.insert(path.end(), route.begin(), route.end());
  };
  return topology;
}

}  // namespace kvferry::topologies
