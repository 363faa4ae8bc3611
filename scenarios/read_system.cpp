#include "scenarios/read_system.hpp"

#include "scenarios/catalog.hpp"
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
const Choice<sim::RouterPolicy> kRouterPolicies{
    "router policy",
    {{"least-loaded", sim::RouterPolicy::least_loaded},
     {"round-robin", sim::RouterPolicy::round_robin},
     {"shortest-queue", sim::RouterPolicy::shortest_queue},
     {"random", sim::RouterPolicy::random},
     {"power-of-two", sim::RouterPolicy::power_of_two},
     {"prefix-aware", sim::RouterPolicy::prefix_aware},
     {"session-sticky", sim::RouterPolicy::session_sticky}}};
const Choice<sim::TopologyPreset> kTopologies{
    "topology",
    {{"two-tier", sim::TopologyPreset::two_tier},
     {"point-to-point", sim::TopologyPreset::point_to_point}}};
const Choice<sim::Overlap> kOverlaps{
    "overlap", {{"none", sim::Overlap::none}, {"pipelined", sim::Overlap::pipelined}}};
enum class BatchPolicy : std::uint8_t { fcfs };
const Choice<BatchPolicy> kBatchPolicies{"policy", {{"fcfs", BatchPolicy::fcfs}}};
enum class Fidelity : std::uint8_t { chunks };
const Choice<Fidelity> kFidelities{"fidelity", {{"chunks", Fidelity::chunks}}};

constexpr std::int64_t kMaxInstances = 4096;

PoolConfig read_pool(SectionReader& pool, sim::RouterPolicy router) {
  const PoolConfig defaults{};
  PoolConfig config;
  config.instances =
      static_cast<std::int32_t>(pool.required("instances", Integer{1, kMaxInstances}));
  config.gpu = read_gpu(pool, "gpu");
  config.tensor_parallel = pool.optional("tensor_parallel", TensorParallel{}, 1);
  config.kv_memory_fraction = pool.optional("kv_memory_fraction", Number{0, 1, Bound::exclusive},
                                            defaults.kv_memory_fraction);
  config.kv_block_tokens =
      pool.optional("kv_block_tokens", Integer{1, 1 << 20}, defaults.kv_block_tokens);
  config.max_batch_size = pool.optional("max_batch_size", Integer{}, defaults.max_batch_size);
  config.prefix_caching = pool.optional("prefix_caching", Boolean{}, defaults.prefix_caching);
  config.router = router;
  return config;
}

void read_pools(SectionReader& root, sim::SimulationConfig& system) {
  SectionReader router = root.section("router");
  const auto prefill_router =
      router.optional("prefill", kRouterPolicies, sim::RouterPolicy::least_loaded);
  const auto decode_router =
      router.optional("decode", kRouterPolicies, sim::RouterPolicy::least_loaded);
  {
    SectionReader prefill = root.required_section("prefill");
    system.prefill = read_pool(prefill, prefill_router);
    system.prefill.max_batch_tokens =
        prefill.optional("max_batch_tokens", Integer{}, PoolConfig{}.max_batch_tokens);
    prefill.optional("policy", kBatchPolicies, BatchPolicy::fcfs);
  }
  SectionReader decode = root.required_section("decode");
  system.decode = read_pool(decode, decode_router);
}

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

}  // namespace

sim::SimulationConfig read_system(SectionReader& root) {
  sim::SimulationConfig system;
  system.horizon = root.maybe("horizon", Time{});
  system.first_token = root.optional("first_token", kFirstTokens, system.first_token);
  system.model = read_model(root, "model");
  system.weights = root.optional("weights", kWeightTypes, system.weights);
  system.stack = read_stack(root, "stack", "vllm-0.12");
  read_pools(root, system);
  system.network = read_network(root.required_section("network"), system.prefill.gpu);
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
  for (const auto& [key, pool] :
       {std::pair{"prefill", &system.prefill}, std::pair{"decode", &system.decode}}) {
    check_split(root, key, system, *pool);
    check_memory(root, key, system, *pool);
  }
}

void check_prefix_caching(const SectionReader& root, const sim::SimulationConfig& system,
                          const workloads::WorkloadSpec& workload) {
  const auto* trace = std::get_if<workloads::TraceSpec>(&workload);
  if (trace == nullptr || trace->format != workloads::TraceFormat::mooncake) return;
  const std::int64_t key_tokens = trace->options.block_tokens;
  for (const auto& [key, pool] :
       {std::pair{"prefill", &system.prefill}, std::pair{"decode", &system.decode}}) {
    if (!pool->prefix_caching || sim::compatible(pool->kv_block_tokens, key_tokens)) continue;
    root.error(key, "with prefix_caching, kv_block_tokens " +
                        std::to_string(pool->kv_block_tokens) + " and the trace's blocks of " +
                        std::to_string(key_tokens) + " tokens do not divide one another");
  }
}

}  // namespace kvferry::scenarios
