#include "cli/measured_systems.hpp"

#include "scenarios/catalog.hpp"
#include "scenarios/check_split.hpp"
#include "sim/base/error.hpp"
#include "sim/base/nearest_name.hpp"
#include "sim/kv_memory.hpp"
#include "sim/simulation_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kvferry::cli {
namespace {

struct OtherName {
  std::string_view theirs;
  std::string_view ours;
};
constexpr std::array<OtherName, 13> kOtherNames{{
    {"a100_sxm", "a100-sxm-80gb"},
    {"h100_sxm", "h100-sxm"},
    {"h200_sxm", "h200-sxm"},
    {"b200_sxm", "b200-sxm"},
    {"meta-llama/Llama-3.1-8B", "llama-3.1-8b"},
    {"meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"},
    {"nvidia/Llama-3.1-8B-Instruct-FP8", "llama-3.1-8b"},
    {"meta-llama/Llama-3.1-70B", "llama-3.1-70b"},
    {"Qwen/Qwen3-32B", "qwen3-32b"},
    {"Qwen/Qwen3-235B-A22B-FP8", "qwen3-235b-a22b"},
    {"deepseek-ai/DeepSeek-V3", "deepseek-v3"},
    {"deepseek-ai/DeepSeek-R1", "deepseek-v3"},  // the same dimensions
    {"openai/gpt-oss-120b", "gpt-oss-120b"},
}};

struct PublishedStack {
  std::string_view backend;
  std::string_view gpu;
  std::string_view weights;  ///< empty: any
  std::string_view stack;
};
constexpr std::array<PublishedStack, 9> kPublishedStacks{{
    {"vllm", "h100-sxm", "", "vllm-0.12"},
    {"vllm", "h200-sxm", "fp8", "vllm-h200-fp8"},
    {"vllm", "b200-sxm", "fp8", "vllm-b200-fp8"},
    {"trtllm", "h100-sxm", "bf16", "trtllm-1.0-h100-bf16"},
    {"trtllm", "h100-sxm", "fp8", "trtllm-1.0-h100-fp8"},
    {"trtllm", "h200-sxm", "fp8", "trtllm-1.0-h200-fp8"},
    {"trtllm", "b200-sxm", "fp8", "trtllm-1.0-b200-fp8"},
    {"sglang", "h100-sxm", "", "sglang-0.5-h100"},
    {"sglang", "h200-sxm", "", "sglang-0.5-h100"},
}};

constexpr std::int64_t kTokenBudget = 8192;
constexpr std::int64_t kRequestsPerPlace = 10;
constexpr std::string_view kDrawnLengths = "benchmark-db-dump";

std::string_view our_name(std::string_view theirs) {
  const auto found = std::ranges::find(kOtherNames, theirs, &OtherName::theirs);
  return found == kOtherNames.end() ? theirs : found->ours;
}

template <typename Entry>
const Entry* entry_of(const std::vector<Entry>& known, std::string_view name) {
  const auto found = std::ranges::find(known, name, &Entry::name);
  return found == known.end() ? nullptr : &*found;
}

template <typename Entry>
std::vector<std::string> names_of(const std::vector<Entry>& known) {
  std::vector<std::string> names;
  for (const Entry& entry : known) names.push_back(entry.name);
  return names;
}

template <typename Entry>
void check_name(const char* option, const std::string& name, const std::vector<Entry>& known) {
  if (name.empty() || entry_of(known, name) != nullptr) return;
  const std::vector<std::string> names = names_of(known);
  throw InputError(fmt::format("{} {}: error: unknown name{}; allowed: {}", option, name,
                               did_you_mean(name, names), join_names(names)));
}

template <typename Entry>
std::string unknown(const char* what, const std::string& name, const std::vector<Entry>& known) {
  return fmt::format("{} not in the catalog: {}{}", what, name,
                     did_you_mean(name, names_of(known)));
}

// What the measurement itself rules out, whatever the system.
std::string fault_of(const Measurement& measurement) {
  if (!measurement.note.empty()) return "noted in the file: " + measurement.note;
  if (!measurement.concurrency) return "concurrency not stated";
  if (measurement.pipeline_parallel > 1) return "pipeline of stages";
  if (measurement.attention_replicas > 1) return "data-parallel attention";
  return "";
}

std::string stack_for(const Measurement& measurement, std::string_view gpu,
                      std::string_view weights) {
  for (const PublishedStack& entry : kPublishedStacks) {
    if (entry.backend == measurement.backend && entry.gpu == gpu &&
        (entry.weights.empty() || entry.weights == weights))
      return std::string(entry.stack);
  }
  return "";
}

struct Hardware {
  const sim::GpuSpec& gpu;
  const sim::ModelSpec& model;
  sim::WeightType weights;
};

// Requests that wait for KV cache say more about the harness's memory settings, which nobody
// published, than about the time model.
std::string memory_fault(const Measurement& measurement, const Hardware& hardware) {
  const auto ranks = measurement.tensor_parallel;
  if (ranks != 1 && ranks != 2 && ranks != 4 && ranks != 8)
    return "tensor parallelism other than 1 2 4 or 8";
  sim::SimulationConfig system;
  system.model = hardware.model;
  system.weights = hardware.weights;
  sim::PoolConfig pool;
  pool.gpu = hardware.gpu;
  pool.tensor_parallel = static_cast<std::int32_t>(ranks);
  if (!scenarios::split_faults(system, pool).empty()) return "the GPUs cannot share the model so";
  const std::int64_t blocks = sim::kv_memory(pool, hardware.model, hardware.weights).blocks;
  if (blocks == 0) return "weights do not fit";
  const std::int64_t tokens = measurement.input_tokens + measurement.output_tokens;
  const std::int64_t needed = (tokens + pool.kv_block_tokens - 1) / pool.kv_block_tokens;
  if (hardware.model.max_context && tokens > *hardware.model.max_context)
    return "longer than the model's context";
  return needed * *measurement.concurrency > blocks ? "KV cache saturated" : "";
}

std::string lengths(std::int64_t tokens, std::string_view source) {
  if (source != kDrawnLengths) return fmt::format("{{constant: {}}}", tokens);
  const std::int64_t least = (tokens * 8 + 9) / 10;
  return fmt::format("{{uniform: {{min: {}, max: {}}}}}", least, tokens);
}

}  // namespace

void check(const Selection& selection) {
  check_name("--gpu", selection.gpu, scenarios::known_gpus());
  check_name("--model", selection.model, scenarios::known_models());
}

std::variant<MeasuredSystem, Exclusion> classify(const Measurement& measurement,
                                                 const Selection& selection) {
  MeasuredSystem system;
  system.gpu = our_name(measurement.gpu);
  system.model = our_name(measurement.model);
  system.weights = measurement.precision.empty() ? "bf16" : measurement.precision;
  if ((!selection.gpu.empty() && selection.gpu != system.gpu) ||
      (!selection.model.empty() && selection.model != system.model))
    return Exclusion{"not selected by --gpu and --model"};
  const sim::ModelSpec* model = entry_of(scenarios::known_models(), system.model);
  if (model == nullptr)
    return Exclusion{unknown("model", measurement.model, scenarios::known_models())};
  if (model->moe)
    return Exclusion{"mixture of experts (no stack was fitted to one): " + model->name};
  const sim::GpuSpec* gpu = entry_of(scenarios::known_gpus(), system.gpu);
  if (gpu == nullptr) return Exclusion{unknown("GPU", measurement.gpu, scenarios::known_gpus())};
  if (system.weights != "bf16" && system.weights != "fp8")
    return Exclusion{"weights other than bf16 and fp8: " + system.weights};
  if (std::string fault = fault_of(measurement); !fault.empty()) return Exclusion{fault};
  system.stack = stack_for(measurement, system.gpu, system.weights);
  if (system.stack.empty())
    return Exclusion{fmt::format("no stack profile of {} on {} with {} weights",
                                 measurement.backend, system.gpu, system.weights)};
  const auto weights = system.weights == "fp8" ? sim::WeightType::fp8 : sim::WeightType::bf16;
  if (std::string fault = memory_fault(measurement, {*gpu, *model, weights}); !fault.empty())
    return Exclusion{fault};
  return system;
}

std::string scenario_text(const Measurement& measurement, const MeasuredSystem& system) {
  const std::int64_t concurrency = *measurement.concurrency;
  const bool prompts_first = measurement.backend == "sglang";
  const std::int64_t budget = std::max(kTokenBudget, concurrency);
  std::string text = fmt::format("name: line-{}\nmode: colocated\n", measurement.line);
  text += fmt::format("model: {}\nweights: {}\nstack: {}\n", system.model, system.weights,
                      system.stack);
  text += fmt::format(
      "mixed: {{instances: 1, gpu: {}, tensor_parallel: {}, chunked_prefill: {}, "
      "max_batch_tokens: {}, max_batch_size: {}}}\n",
      system.gpu, measurement.tensor_parallel, !prompts_first, budget, concurrency);
  text += fmt::format("workload:\n  arrivals: {{process: all-at-once}}\n  max_concurrency: {}\n",
                      concurrency);
  text += fmt::format("  lengths: {{input: {}, output: {}}}\n  requests: {}\n",
                      lengths(measurement.input_tokens, measurement.source),
                      lengths(measurement.output_tokens, measurement.source),
                      kRequestsPerPlace * concurrency);
  return text;
}

}  // namespace kvferry::cli
