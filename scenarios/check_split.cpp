#include "scenarios/check_split.hpp"

#include "sim/base/quantity_text.hpp"
#include "sim/kv_memory.hpp"

#include <algorithm>
#include <optional>

namespace kvferry::scenarios {
namespace {

using sim::PoolConfig;

std::string number(std::int64_t value) {
  return std::to_string(value);
}

// Three significant digits at least.
std::string rounded(Bytes size) {
  constexpr std::int64_t kMega = 1'000'000;
  if (size.value < 10'000 * kMega) return std::to_string((size.value + kMega - 1) / kMega) + " MB";
  return shortest_decimal(static_cast<double>(size.value / (100 * kMega)) / 10) + " GB";
}

bool divides(const sim::ModelSpec& model, std::int32_t degree) {
  const std::int32_t kv_heads = sim::transferable_heads(model);
  const bool kv_divides = kv_heads % degree == 0 || degree % kv_heads == 0;
  return model.heads % degree == 0 && model.ffn % degree == 0 && kv_divides;
}

bool fits(const sim::SimulationConfig& system, PoolConfig pool, std::int32_t tensor_parallel,
          std::int32_t pipeline_parallel) {
  pool.tensor_parallel = tensor_parallel;
  pool.pipeline_parallel = pipeline_parallel;
  return kv_memory(pool, system.model, system.weights).blocks > 0;
}

// The fewest GPUs with the pool's pipeline, or else with as many ranks as possible and more stages.
std::string fitting_split(const sim::SimulationConfig& system, const PoolConfig& pool) {
  std::int32_t most_ranks = pool.tensor_parallel;
  for (const std::int32_t degree : {2, 4, 8}) {
    if (degree <= pool.tensor_parallel || !divides(system.model, degree)) continue;
    if (fits(system, pool, degree, pool.pipeline_parallel))
      return "; it fits with tensor_parallel: " + number(degree);
    most_ranks = degree;
  }
  for (const std::int32_t stages : {2, 4, 8, 16}) {
    if (stages <= pool.pipeline_parallel || stages > system.model.layers) continue;
    if (!fits(system, pool, most_ranks, stages)) continue;
    const std::string ranks = most_ranks == pool.tensor_parallel
                                  ? ""
                                  : "tensor_parallel: " + number(most_ranks) + " and ";
    return "; it fits with " + ranks + "pipeline_parallel: " + number(stages);
  }
  return "; no tensor_parallel up to 8 with pipeline_parallel up to 16 makes it fit";
}

std::string available(const PoolConfig& pool) {
  const std::string share = shortest_decimal(pool.kv_memory_fraction) + " of " +
                            to_text(pool.gpu.memory) + " on " + pool.gpu.name;
  if (pool.activation_reserve.value == 0) return share;
  return share + ", less activation_reserve " + to_text(pool.activation_reserve);
}

std::optional<std::string> expert_fault(const sim::ModelSpec& model, const PoolConfig& pool) {
  const std::int32_t groups = pool.expert_parallel;
  const std::string stated = "expert_parallel " + number(groups);
  if (!model.moe) {
    if (groups == 1) return std::nullopt;
    return stated + ", but " + model.name + " has no experts";
  }
  if (pool.tensor_parallel % groups != 0)
    return stated + " must divide tensor_parallel " + number(pool.tensor_parallel) +
           ": groups of experts share the GPUs of an instance";
  const std::int32_t sharers = pool.tensor_parallel / groups;
  if (model.moe->experts % groups != 0 || model.moe->ffn % sharers != 0)
    return "the experts of " + model.name + " cannot be split: " + number(model.moe->experts) +
           " experts over " + stated + ", FFN " + number(model.moe->ffn) + " over " +
           number(sharers) + " GPUs";
  if (groups > 1 && !pool.gpu.all_to_all)
    return pool.gpu.name + " has no all-to-all measurements: use expert_parallel: 1";
  return std::nullopt;
}

// What the model needs of the GPU and was not measured on it.
std::optional<std::string> missing_fit(const sim::SimulationConfig& system,
                                       const sim::GpuSpec& gpu) {
  const sim::ModelSpec& model = system.model;
  const bool fp8 = system.weights == sim::WeightType::fp8;
  const bool fp8_cache = model.kv_type == sim::KvType::fp8;
  if (fp8 && !gpu.gemm_fp8) return "FP8 measurements: use weights: bf16";
  if (model.moe && !(fp8 ? gpu.moe_fp8 : gpu.moe_bf16))
    return fp8 ? "measurements of FP8 experts: use weights: bf16"
               : "measurements of experts: use a dense model";
  if (model.mla && !(fp8_cache ? gpu.latent_decode_fp8 : gpu.latent_decode))
    return "measurements of latent attention: use another model";
  if (!model.mla && fp8_cache && !gpu.decode_attention_fp8)
    return "measurements of an FP8 KV cache: use kv_type: bf16";
  return std::nullopt;
}

void check_nodes(const SectionReader& root, const std::string& key,
                 const sim::NetworkConfig& network, const PoolConfig& pool) {
  const std::optional<std::int32_t> gpus = topologies::gpus_per_node(network.topology);
  if (!gpus) return;
  const std::int32_t node = *gpus;
  const std::int32_t degree = pool.tensor_parallel;
  if (degree > node) {
    root.error(key, "tensor_parallel " + number(degree) + " does not fit into a node of " +
                        number(node) + " GPUs (network.gpus_per_node)");
  } else if (pool.gpus_per_instance() > node && node % degree != 0) {
    root.error(key, "stages of tensor_parallel " + number(degree) + " would straddle nodes of " +
                        number(node) + " GPUs (network.gpus_per_node)");
  }
}

std::vector<std::string> model_faults(const sim::ModelSpec& model) {
  std::vector<std::string> faults;
  const auto at_most = [&](const std::string& what, std::int64_t found, const std::string& of,
                           std::int64_t most) {
    if (found <= most) return;
    faults.push_back(what + " must be at most the " + of + ", " + number(most) + ", found " +
                     number(found));
  };
  if (model.heads % model.kv_heads != 0) {
    faults.push_back("heads must be a multiple of kv_heads, found " + number(model.heads) +
                     " and " + number(model.kv_heads));
  }
  if (model.head_dim % 2 != 0)
    faults.push_back("head_dim must be even, found " + number(model.head_dim));
  at_most("windowed_layers", model.windowed_layers, "layers", model.layers);
  if (model.mla && sim::kv_values_per_head(model) % 32 != 0)
    faults.push_back("mla: kv_rank + rope_dim must be a multiple of 32, found " +
                     number(sim::kv_values_per_head(model)));
  if (model.mla && model.sliding_window)
    faults.push_back("mla with a sliding_window is not supported");
  if (!model.moe) return faults;
  at_most("moe: top_k", model.moe->top_k, "experts", model.moe->experts);
  at_most("moe: dense_layers", model.moe->dense_layers, "layers", model.layers);
  return faults;
}

}  // namespace

bool check_model(const SectionReader& root, const sim::ModelSpec& model) {
  const std::vector<std::string> faults = model_faults(model);
  for (const std::string& fault : faults) root.error("model", fault);
  return faults.empty();
}

std::vector<std::string> split_faults(const sim::SimulationConfig& system, const PoolConfig& pool) {
  const sim::ModelSpec& model = system.model;
  std::vector<std::string> faults;
  if (!divides(model, pool.tensor_parallel)) {
    faults.push_back("tensor_parallel " + number(pool.tensor_parallel) + " does not divide " +
                     model.name + ": " + number(model.heads) + " heads, " +
                     number(sim::transferable_heads(model)) + " KV heads, FFN " +
                     number(model.ffn));
  }
  if (pool.pipeline_parallel > model.layers) {
    faults.push_back("pipeline_parallel " + number(pool.pipeline_parallel) + " exceeds the " +
                     number(model.layers) + " layers of " + model.name);
  }
  const std::int32_t head_values = sim::kv_values_per_head(model) / 2;
  if (head_values % pool.pipeline_parallel != 0) {
    faults.push_back("pipeline_parallel " + number(pool.pipeline_parallel) +
                     " does not divide the " + number(head_values) +
                     " values of a KV head, which hand-offs split");
  }
  if (const auto fault = expert_fault(model, pool)) faults.push_back(*fault);
  if (const auto missing = missing_fit(system, pool.gpu))
    faults.push_back(pool.gpu.name + " has no " + *missing + ", or another GPU");
  return faults;
}

void check_split(const SectionReader& root, const std::string& key,
                 const sim::SimulationConfig& system, const PoolConfig& pool) {
  for (const std::string& fault : split_faults(system, pool)) root.error(key, fault);
  check_nodes(root, key, system.network, pool);
}

void check_memory(const SectionReader& root, const std::string& key,
                  const sim::SimulationConfig& system, const PoolConfig& pool) {
  const sim::KvMemory memory = kv_memory(pool, system.model, system.weights);
  if (memory.blocks > 0) return;
  const Bytes needed = memory.weights + memory.block;
  const Bytes budget = std::max(memory.budget, Bytes{0});
  root.error(key, system.model.name + " does not fit: weights and one KV block need " +
                      rounded(needed) + " per GPU, " + rounded(budget) + " are available (" +
                      available(pool) + "), " + rounded(needed - budget) + " too few" +
                      fitting_split(system, pool));
}

}  // namespace kvferry::scenarios
