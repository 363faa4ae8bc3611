#include "sim/placement.hpp"

#include "topologies/topology_spec.hpp"

#include <algorithm>
#include <variant>

namespace kvferry::sim {
namespace {

using topologies::GpuId;

// Hands out runs of GPUs; `boundary` is the size of a node. A run that fits into a node does not
// straddle two; a longer one starts on a node of its own.
class GpuAllocator {
 public:
  explicit GpuAllocator(std::int32_t boundary) : boundary_(boundary) {}

  InstanceGpus take(std::int32_t count, std::int32_t stages) {
    const std::int32_t left_on_node = boundary_ - next_ % boundary_;
    if (left_on_node < count && left_on_node < boundary_) next_ += left_on_node;
    const InstanceGpus gpus{next_, count, stages};
    next_ += count;
    return gpus;
  }

  void start_next_node() { next_ = (next_ + boundary_ - 1) / boundary_ * boundary_; }
  GpuId next() const { return next_; }

 private:
  std::int32_t boundary_;
  GpuId next_ = 0;
};

InstanceGpus take(GpuAllocator& gpus, const PoolConfig& kind) {
  return gpus.take(kind.gpus_per_instance(), kind.pipeline_parallel);
}

// A pool begins where the role changes. Returns how many nodes are taken.
std::int32_t place_on_nodes(const std::vector<EngineKind>& engines, std::int32_t gpus_per_node,
                            std::vector<InstanceGpus>& places) {
  GpuAllocator gpus(gpus_per_node);
  for (std::size_t i = 0; i < engines.size(); ++i) {
    if (i > 0 && engines[i].role != engines[i - 1].role) gpus.start_next_node();
    places.push_back(take(gpus, *engines[i].config));
  }
  gpus.start_next_node();
  return gpus.next() / gpus_per_node;
}

// Prompts are sent from the left to the right: only prefill engines stand on the left, and where
// there are none nothing is sent.
Placement place_on_two_sides(const std::vector<EngineKind>& engines,
                             topologies::PointToPointSpec link) {
  GpuId left = 0;
  GpuId all = 0;
  for (const EngineKind& engine : engines) {
    all += engine.config->gpus_per_instance();
    if (engine.role == EngineRole::prefill) left = all;
  }
  if (left == 0) left = std::max(1, all / 2);
  GpuAllocator gpus(all);
  Placement placement;
  for (const EngineKind& engine : engines) placement.engines.push_back(take(gpus, *engine.config));
  link.left_gpus = left;
  link.right_gpus = std::max(1, all - left);
  placement.topology = topologies::point_to_point(link);
  return placement;
}

}  // namespace

std::int32_t nodes_needed(const SimulationConfig& config, std::int32_t gpus_per_node) {
  std::vector<InstanceGpus> places;
  return place_on_nodes(engines_of(config), gpus_per_node, places);
}

topologies::RoutedPairs handoff_pairs(const SimulationConfig& config, std::int32_t gpus_per_node) {
  const std::vector<EngineKind> engines = engines_of(config);
  std::vector<InstanceGpus> places;
  place_on_nodes(engines, gpus_per_node, places);
  topologies::RoutedPairs pairs;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const bool sends = engines[i].role == EngineRole::prefill;
    std::vector<GpuId>& gpus = sends ? pairs.sources : pairs.targets;
    for (GpuId gpu = places[i].first; gpu < places[i].first + places[i].count; ++gpu)
      gpus.push_back(gpu);
  }
  return pairs;
}

Placement place(const SimulationConfig& config) {
  const std::vector<EngineKind> engines = engines_of(config);
  const topologies::TopologySpec& spec = config.network.topology;
  if (const auto* link = std::get_if<topologies::PointToPointSpec>(&spec))
    return place_on_two_sides(engines, *link);
  Placement placement;
  const std::int32_t nodes =
      place_on_nodes(engines, *topologies::gpus_per_node(spec), placement.engines);
  placement.topology = topologies::build(spec, nodes);
  return placement;
}

}  // namespace kvferry::sim
