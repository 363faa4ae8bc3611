#include "sim/placement.hpp"

#include "topologies/point_to_point.hpp"
#include "topologies/two_tier.hpp"

namespace kvferry::sim {
namespace {

using topologies::GpuId;

// Hands out runs of GPUs; `boundary` is the size of a node that a run must not straddle.
class GpuAllocator {
 public:
  explicit GpuAllocator(std::int32_t boundary) : boundary_(boundary) {}

  InstanceGpus take(std::int32_t count) {
    const std::int32_t left_on_node = boundary_ - next_ % boundary_;
    if (left_on_node < count) next_ += left_on_node;
    const InstanceGpus gpus{next_, count};
    next_ += count;
    return gpus;
  }

  void start_next_node() { next_ = (next_ + boundary_ - 1) / boundary_ * boundary_; }
  GpuId next() const { return next_; }

 private:
  std::int32_t boundary_;
  GpuId next_ = 0;
};

std::vector<InstanceGpus> take_pool(GpuAllocator& gpus, const PoolConfig& pool) {
  std::vector<InstanceGpus> instances;
  for (std::int32_t i = 0; i < pool.instances; ++i)
    instances.push_back(gpus.take(pool.tensor_parallel));
  return instances;
}

Placement place_on_nodes(const PoolConfig& prefill, const PoolConfig& decode,
                         const NetworkConfig& network) {
  GpuAllocator gpus(network.gpus_per_node);
  Placement placement;
  placement.prefill = take_pool(gpus, prefill);
  gpus.start_next_node();
  placement.decode = take_pool(gpus, decode);
  gpus.start_next_node();
  placement.topology = topologies::two_tier({.nodes = gpus.next() / network.gpus_per_node,
                                             .gpus_per_node = network.gpus_per_node,
                                             .link_bandwidth = network.link_bandwidth,
                                             .link_latency = network.link_latency,
                                             .oversubscription = network.oversubscription,
                                             .nvlink_bandwidth = network.nvlink_bandwidth});
  return placement;
}

Placement place_on_two_sides(const PoolConfig& prefill, const PoolConfig& decode,
                             const NetworkConfig& network) {
  const GpuId left = prefill.instances * prefill.tensor_parallel;
  const GpuId right = decode.instances * decode.tensor_parallel;
  GpuAllocator gpus(left + right);
  Placement placement;
  placement.prefill = take_pool(gpus, prefill);
  placement.decode = take_pool(gpus, decode);
  placement.topology =
      topologies::point_to_point({left, right, network.link_bandwidth, network.link_latency});
  return placement;
}

}  // namespace

Placement place(const PoolConfig& prefill, const PoolConfig& decode, const NetworkConfig& network) {
  return network.preset == TopologyPreset::two_tier ? place_on_nodes(prefill, decode, network)
                                                    : place_on_two_sides(prefill, decode, network);
}

}  // namespace kvferry::sim
