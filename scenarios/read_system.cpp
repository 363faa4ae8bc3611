#include "scenarios/read_system.hpp"

#include "scenarios/catalog.hpp"
#include "scenarios/read_pools.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/kv_blocks.hpp"
#include "sim/kv_cache.hpp"

#include <stdexcept>
#include <variant>

namespace kvferry::scenarios {
namespace {

using sim::PoolConfig;

const Choice<sim::WeightType> kWeightTypes{
    "weight type", {{"bf16", sim::WeightType::bf16}, {"fp8", sim::WeightType::fp8}}};
const Choice<sim::FirstToken> kFirstTokens{"convention",
                                           {{"kv-ready", sim::FirstToken::kv_ready},
                                            {"decode-step", sim::FirstToken::decode_step},
                                            {"prefill", sim::FirstToken::prefill}}};
const Choice<sim::TopologyPreset> kTopologies{
    "topology",
    {{"two-tier", sim::TopologyPreset::two_tier},
     {"point-to-point", sim::TopologyPreset::point_to_point}}};
const Choice<sim::Overlap> kOverlaps{
    "overlap", {{"none", sim::Overlap::none}, {"pipelined", sim::Overlap::pipelined}}};
enum class Fidelity : std::uint8_t { chunks };
const Choice<Fidelity> kFidelities{"fidelity", {{"chunks", Fidelity::chunks}}};

sim::NetworkConfig read_network(SectionReader&& network, const sim::GpuSpec& gpu) {
  const sim::NetworkConfig defaults{};
  sim::NetworkConfig config;
  config.preset = network.required("topology", kTopologies);
  config.link_bandwidth = network.required("link_bandwidth", Bandwidth{});
  config.link_latency = network.optional("link_latency", Time{Sign::not_negative}, Seconds{2e-6});
  if (config.preset == sim::TopologyPreset::point_to_point) return config;
  config.gpus_per_node = static_cast<std::int32_t>(
      network.optional("gpus_per_node", Integer{1, 1024}, defaults.gpus_per_node));
  config.oversubscription =
      network.optional("oversubscription", Number{1, 1e6}, defaults.oversubscription);
  config.nvlink_bandwidth = gpu.nvlink_bandwidth;
  return config;
}

// Three significant digits at least.
std::string rounded(Bytes size) {
  constexpr std::int64_t kMega = 1'000'000;
  if (size.value < 10'000 * kMega) return std::to_string((size.value + kMega - 1) / kMega) + " MB";
  return shortest_decimal(static_cast<double>(size.value / (100 * kMega)) / 10) + " GB";
}

sim::KvMemory memory_of(const sim::SimulationConfig& system, PoolConfig pool, std::int32_t degree) {
  pool.tensor_parallel = degree;
  return kv_memory(pool, system.model, system.weights);
}

std::string fitting_degree(const sim::SimulationConfig& system, const PoolConfig& pool) {
  for (const std::int32_t degree : {2, 4, 8}) {
    if (degree > pool.tensor_parallel && memory_of(system, pool, degree).blocks > 0) {
      return "; it fits with tensor_parallel: " + std::to_string(degree);
    }
  }
  return "; no tensor_parallel up to 8 makes it fit";
}

void check_memory(const SectionReader& root, const std::string& key,
                  const sim::SimulationConfig& system, const PoolConfig& pool) {
  const sim::KvMemory memory = memory_of(system, pool, pool.tensor_parallel);
  if (memory.blocks > 0) return;
  const Bytes needed = memory.weights + memory.block;
  root.error(key, system.model.name + " does not fit: weights and one KV block need " +
                      rounded(needed) + " per GPU, " + rounded(memory.budget) + " are available (" +
                      shortest_decimal(pool.kv_memory_fraction) + " of " +
                      to_text(pool.gpu.memory) + " on " + pool.gpu.name + "), " +
                      rounded(needed - memory.budget) + " too few" + fitting_degree(system, pool));
}

void check_split(const SectionReader& root, const std::string& key,
                 const sim::SimulationConfig& system, const PoolConfig& pool) {
  const sim::ModelSpec& model = system.model;
  const std::int32_t degree = pool.tensor_parallel;
  const bool divides = model.heads % degree == 0 && model.ffn % degree == 0 &&
                       (model.kv_heads % degree == 0 || degree % model.kv_heads == 0);
  if (!divides) {
    root.error(key, "tensor_parallel " + std::to_string(degree) + " does not divide " + model.name +
                        ": " + std::to_string(model.heads) + " heads, " +
                        std::to_string(model.kv_heads) + " KV heads, FFN " +
                        std::to_string(model.ffn));
  }
  const bool straddles = system.network.preset == sim::TopologyPreset::two_tier &&
                         degree > system.network.gpus_per_node;
  if (straddles) {
    root.error(key, "tensor_parallel " + std::to_string(degree) + " does not fit into a node of " +
                        std::to_string(system.network.gpus_per_node) +
                        " GPUs (network.gpus_per_node)");
  }
  if (system.weights == sim::WeightType::fp8 && !pool.gpu.gemm_fp8) {
    root.error(key, pool.gpu.name + " has no FP8 measurements: use weights: bf16, or another GPU");
  }
}

void check_heads(const SectionReader& root, const sim::ModelSpec& model) {
  if (model.heads % model.kv_heads != 0) {
    root.error("model", "heads must be a multiple of kv_heads, found " +
                            std::to_string(model.heads) + " and " + std::to_string(model.kv_heads));
  }
  if (model.head_dim % 2 != 0)
    root.error("model", "head_dim must be even, found " + std::to_string(model.head_dim));
}

// Every kind of instance, with the key of the pool it belongs to.
std::vector<std::pair<std::string, const PoolConfig*>> kinds_of(
    const sim::SimulationConfig& system) {
  std::vector<std::pair<std::string, const PoolConfig*>> kinds;
  const auto add = [&](const std::string& key, const PoolConfig& pool) {
    if (pool.instances > 0) kinds.emplace_back(key, &pool);
    for (const PoolConfig& kind : pool.more) kinds.emplace_back(key, &kind);
  };
  add("prefill", system.prefill);
  add("decode", system.decode);
  if (system.mixed) add("mixed", *system.mixed);
  return kinds;
}

}  // namespace

sim::SimulationConfig read_system(SectionReader& root) {
  sim::SimulationConfig system;
  system.horizon = root.maybe("horizon", Time{});
  system.first_token = root.optional("first_token", kFirstTokens, system.first_token);
  system.model = read_model(root, "model");
  system.weights = root.optional("weights", kWeightTypes, system.weights);
  system.stack = read_stack(root, "stack", "vllm-0.12");
  read_pools(root, system);
  const std::vector<sim::EngineKind> engines = engines_of(system);
  const sim::GpuSpec gpu = engines.empty() ? sim::GpuSpec{} : engines.front().config->gpu;
  // Without hand-offs nothing crosses the network.
  if (system.mode == sim::Mode::colocated && !root.has("network")) {
    root.ignore("network");
    system.network.link_bandwidth = gpu.nvlink_bandwidth;
    system.network.nvlink_bandwidth = gpu.nvlink_bandwidth;
  } else {
    system.network = read_network(root.required_section("network"), gpu);
  }
  return system;
}

sim::TransferConfig read_transfer(SectionReader& transfer) {
  const sim::TransferConfig defaults{};
  sim::TransferConfig config;
  config.overlap = transfer.optional("overlap", kOverlaps, defaults.overlap);
  config.layers_per_chunk = static_cast<std::int32_t>(
      transfer.optional("layers_per_chunk", Integer{1, 1 << 20}, defaults.layers_per_chunk));
  config.flows_per_nic = static_cast<std::int32_t>(
      transfer.optional("flows_per_nic", Integer{1, 1 << 20}, defaults.flows_per_nic));
  config.skip_cached = transfer.optional("skip_cached", Boolean{}, defaults.skip_cached);
  transfer.optional("fidelity", kFidelities, Fidelity::chunks);
  return config;
}

void check_system(const SectionReader& root, const sim::SimulationConfig& system) {
  check_heads(root, system.model);
  for (const auto& [key, kind] : kinds_of(system)) {
    check_split(root, key, system, *kind);
    check_memory(root, key, system, *kind);
  }
}

void check_prefix_caching(const SectionReader& root, const sim::SimulationConfig& system,
                          const workloads::WorkloadSpec& workload) {
  const auto* trace = std::get_if<workloads::TraceSpec>(&workload);
  if (trace == nullptr || trace->format != workloads::TraceFormat::mooncake) return;
  const std::int64_t key_tokens = trace->options.block_tokens;
  for (const auto& [key, pool] : kinds_of(system)) {
    if (!pool->prefix_caching || sim::compatible(pool->kv_block_tokens, key_tokens)) continue;
    root.error(key, "with prefix_caching, kv_block_tokens " +
                        std::to_string(pool->kv_block_tokens) + " and the trace's blocks of " +
                        std::to_string(key_tokens) + " tokens do not divide one another");
  }
}

}  // namespace kvferry::scenarios
