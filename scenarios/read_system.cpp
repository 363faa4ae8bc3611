#include "scenarios/read_system.hpp"

#include "scenarios/catalog.hpp"
#include "scenarios/check_split.hpp"
#include "scenarios/read_network.hpp"
#include "scenarios/read_pools.hpp"
#include "scenarios/read_transfer_engine.hpp"
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
const Choice<sim::Overlap> kOverlaps{"overlap",
                                     {{"none", sim::Overlap::none},
                                      {"pipelined", sim::Overlap::pipelined},
                                      {"layerwise", sim::Overlap::layerwise}}};
const Choice<sim::Binding> kBindings{
    "binding", {{"late", sim::Binding::late}, {"early", sim::Binding::early}}};
const Choice<sim::Initiator> kInitiators{
    "initiator", {{"push", sim::Initiator::push}, {"pull", sim::Initiator::pull}}};
const Choice<sim::Fidelity> kFidelities{"fidelity",
                                        {{"auto", sim::Fidelity::automatic},
                                         {"chunks", sim::Fidelity::chunks},
                                         {"fluid", sim::Fidelity::fluid}}};

const Choice<sim::KvType> kKvTypes{"KV cache type",
                                   {{"bf16", sim::KvType::bf16}, {"fp8", sim::KvType::fp8}}};

template <typename Action>
void for_each_kind(sim::SimulationConfig& system, const Action& action) {
  std::vector<PoolConfig*> pools{&system.prefill, &system.decode};
  if (system.mixed) pools.push_back(&*system.mixed);
  for (PoolConfig* pool : pools) {
    action(*pool);
    for (PoolConfig& kind : pool->more) action(kind);
  }
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
  system.model.kv_type = root.optional("kv_type", kKvTypes, system.model.kv_type);
  system.stack = read_stack(root, "stack", "vllm-0.12");
  read_pools(root, system);
  const std::vector<sim::EngineKind> engines = engines_of(system);
  const sim::GpuSpec gpu = engines.empty() ? sim::GpuSpec{} : engines.front().config->gpu;
  // Without hand-offs nothing crosses the network.
  if (system.mode == sim::Mode::colocated && !root.has("network")) {
    root.ignore("network");
    system.network.topology = topologies::TwoTierSpec{.link_bandwidth = gpu.nvlink_bandwidth,
                                                      .nvlink_bandwidth = gpu.nvlink_bandwidth};
  } else {
    system.network = read_network(root.required_section("network"), system, gpu);
  }
  for_each_kind(system, [&](PoolConfig& kind) {
    kind.stage_bandwidth = stage_bandwidth(kind, system.network);
  });
  return system;
}

namespace {

sim::RetryPolicy read_retry(SectionReader&& retry) {
  const sim::RetryPolicy defaults{};
  sim::RetryPolicy policy;
  policy.resume = retry.optional("resume", Boolean{}, defaults.resume);
  policy.backoff = retry.optional("backoff", Time{Sign::not_negative}, defaults.backoff);
  policy.limit =
      static_cast<std::int32_t>(retry.optional("limit", Integer{0, 1000}, defaults.limit));
  policy.patience = retry.optional("patience", Time{}, defaults.patience);
  return policy;
}

void read_chunks(SectionReader& transfer, sim::TransferConfig& config) {
  config.layers_per_chunk = static_cast<std::int32_t>(
      transfer.optional("layers_per_chunk", Integer{1, 1 << 20}, config.layers_per_chunk));
  config.chunk_bytes = transfer.maybe("chunk_size", Size{});
  if (config.chunk_bytes && transfer.has("layers_per_chunk"))
    transfer.error("chunk_size",
                   "chunks are cut by chunk_size or by layers_per_chunk, not by both");
}

}  // namespace

sim::TransferConfig read_transfer(SectionReader& transfer) {
  const sim::TransferConfig defaults{};
  sim::TransferConfig config;
  config.overlap = transfer.optional("overlap", kOverlaps, defaults.overlap);
  read_chunks(transfer, config);
  config.flows_per_nic = static_cast<std::int32_t>(
      transfer.optional("flows_per_nic", Integer{1, 1 << 20}, defaults.flows_per_nic));
  config.skip_cached = transfer.optional("skip_cached", Boolean{}, defaults.skip_cached);
  config.binding = transfer.optional("binding", kBindings, defaults.binding);
  config.initiator = transfer.optional("initiator", kInitiators, defaults.initiator);
  config.retry = read_retry(transfer.section("retry"));
  config.fidelity = transfer.optional("fidelity", kFidelities, defaults.fidelity);
  read_posting(transfer, config);
  if (config.overlap == sim::Overlap::layerwise && config.initiator == sim::Initiator::pull) {
    transfer.error("initiator",
                   "a pull begins when prefill has ended; overlap: layerwise needs push");
  }
  return config;
}

sim::CodecInterference read_interference(SectionReader&& interference) {
  const Number share{0, 1};
  return {interference.optional("encode", share, 0.0), interference.optional("decode", share, 0.0)};
}

void check_system(const SectionReader& root, const sim::SimulationConfig& system) {
  const bool is_sound = check_model(root, system.model);
  for (const auto& [key, kind] : kinds_of(system)) {
    check_split(root, key, system, *kind);
    if (is_sound) check_memory(root, key, system, *kind);
  }
  check_network(root, system);
}

namespace {

// Tokens of the blocks that requests will name; 0: none, or only the trace itself can tell.
std::int64_t named_block_tokens(const workloads::WorkloadSpec& workload) {
  using workloads::TraceFormat;
  if (const auto* trace = std::get_if<workloads::TraceSpec>(&workload)) {
    const bool stated =
        trace->format == TraceFormat::mooncake || trace->format == TraceFormat::qwen;
    return stated ? trace->options.block_tokens : 0;
  }
  const workloads::ConversationSpec& named =
      std::get<workloads::SyntheticSpec>(workload).conversations;
  return named.prefixes || named.sessions ? named.block_tokens : 0;
}

}  // namespace

std::vector<PrefixFault> prefix_faults(const sim::SimulationConfig& system,
                                       std::int64_t key_tokens) {
  std::vector<PrefixFault> faults;
  for (const auto& [key, pool] : kinds_of(system)) {
    if (!pool->prefix_caching || sim::compatible(pool->kv_block_tokens, key_tokens)) continue;
    faults.push_back({key, "with prefix_caching, kv_block_tokens " +
                               std::to_string(pool->kv_block_tokens) +
                               " and the workload's blocks of " + std::to_string(key_tokens) +
                               " tokens do not divide one another"});
  }
  return faults;
}

void check_prefix_caching(const SectionReader& root, const sim::SimulationConfig& system,
                          const workloads::WorkloadSpec& workload) {
  for (const PrefixFault& fault : prefix_faults(system, named_block_tokens(workload)))
    root.error(fault.key, fault.text);
}

}  // namespace kvferry::scenarios
