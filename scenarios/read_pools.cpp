#include "scenarios/read_pools.hpp"

#include "scenarios/catalog.hpp"

namespace kvferry::scenarios {
namespace {

using sim::PoolConfig;

const Choice<sim::Mode> kModes{
    "mode", {{"disaggregated", sim::Mode::disaggregated}, {"colocated", sim::Mode::colocated}}};
const Choice<sim::RouterPolicy> kRouterPolicies{
    "router policy",
    {{"least-loaded", sim::RouterPolicy::least_loaded},
     {"round-robin", sim::RouterPolicy::round_robin},
     {"shortest-queue", sim::RouterPolicy::shortest_queue},
     {"random", sim::RouterPolicy::random},
     {"power-of-two", sim::RouterPolicy::power_of_two},
     {"prefix-aware", sim::RouterPolicy::prefix_aware},
     {"session-sticky", sim::RouterPolicy::session_sticky}}};
const std::string kNetworkAware = "network-aware";  // of decode instances only

const Choice<sim::QueuePolicy> kQueuePolicies{"policy",
                                              {{"fcfs", sim::QueuePolicy::fcfs},
                                               {"shortest-first", sim::QueuePolicy::shortest_first},
                                               {"priority", sim::QueuePolicy::priority}}};
const Choice<sim::Preemption> kPreemptions{"preemption",
                                           {{"recompute", sim::Preemption::recompute},
                                            {"swap", sim::Preemption::swap},
                                            {"never", sim::Preemption::never}}};

Choice<sim::RouterPolicy> decode_router_policies() {
  Choice<sim::RouterPolicy> policies = kRouterPolicies;
  policies.words.emplace_back(kNetworkAware, sim::RouterPolicy::network_aware);
  return policies;
}

constexpr std::int64_t kMaxInstances = 4096;

/// The pool itself, or a further kind of instances in it.
enum class Level : std::uint8_t { pool, kind };

// What is not stated is as in `base`.
PoolConfig read_instances(SectionReader& section, const PoolConfig& base, Level level) {
  PoolConfig config = base;
  config.more.clear();
  config.instances =
      static_cast<std::int32_t>(section.required("instances", Integer{1, kMaxInstances}));
  if (level == Level::pool || section.has("gpu")) config.gpu = read_gpu(section, "gpu");
  section.ignore("gpu");
  config.tensor_parallel =
      section.optional("tensor_parallel", TensorParallel{}, base.tensor_parallel);
  config.pipeline_parallel =
      section.optional("pipeline_parallel", PipelineParallel{}, base.pipeline_parallel);
  config.expert_parallel =
      section.optional("expert_parallel", TensorParallel{}, base.expert_parallel);
  config.activation_reserve =
      section.optional("activation_reserve", Size{Sign::not_negative}, base.activation_reserve);
  config.kv_memory_fraction = section.optional("kv_memory_fraction", Number{0, 1, Bound::exclusive},
                                               base.kv_memory_fraction);
  config.kv_block_tokens =
      section.optional("kv_block_tokens", Integer{1, 1 << 20}, base.kv_block_tokens);
  config.max_batch_size = section.optional("max_batch_size", Integer{}, base.max_batch_size);
  config.max_batch_tokens = section.optional("max_batch_tokens", Integer{}, base.max_batch_tokens);
  config.chunked_prefill = section.optional("chunked_prefill", Boolean{}, base.chunked_prefill);
  config.queue = section.optional("policy", kQueuePolicies, base.queue);
  config.preemption = section.optional("preemption", kPreemptions, base.preemption);
  config.watermark = section.optional("watermark", Number{0, 0.9}, base.watermark);
  config.host_bandwidth = section.optional("host_bandwidth", Bandwidth{}, base.host_bandwidth);
  config.prefix_caching = section.optional("prefix_caching", Boolean{}, base.prefix_caching);
  return config;
}

// Answers have a token each in every iteration that takes any.
void check_token_budget(const SectionReader& section, const PoolConfig& config) {
  if (!config.chunked_prefill || config.max_batch_tokens >= config.max_batch_size) return;
  section.error("max_batch_tokens", "with chunked_prefill at least max_batch_size, " +
                                        std::to_string(config.max_batch_size) +
                                        ", a token for each answer; found " +
                                        std::to_string(config.max_batch_tokens));
}

PoolConfig read_pool(SectionReader&& section, const PoolConfig& defaults) {
  PoolConfig pool = read_instances(section, defaults, Level::pool);
  check_token_budget(section, pool);
  SectionReader kinds = section.section("more");
  for (const std::string& name : kinds.stated_keys()) {
    SectionReader kind = kinds.section(name);
    pool.more.push_back(read_instances(kind, pool, Level::kind));
    check_token_budget(kind, pool.more.back());
  }
  return pool;
}

// An engine that only computes prompts does not need to cut them; one that has answers would let
// them wait.
PoolConfig defaults_for(sim::Mode mode, sim::EngineRole role) {
  PoolConfig defaults;
  defaults.chunked_prefill = mode == sim::Mode::colocated || role != sim::EngineRole::prefill;
  return defaults;
}

void read_routers(SectionReader&& router, sim::SimulationConfig& system) {
  if (router.text_of("prefill") == kNetworkAware) {
    router.ignore("prefill");
    router.error("prefill",
                 "'network-aware' compares the paths from the instance that computed "
                 "the prompt: it is a policy of router.decode");
  } else {
    system.prefill.router = router.optional("prefill", kRouterPolicies, PoolConfig{}.router);
  }
  system.decode.router = router.optional("decode", decode_router_policies(), PoolConfig{}.router);
}

}  // namespace

// Without disaggregation any of the pools will do, and with mixed engines nobody needs others to
// take hand-offs.
void read_pools(SectionReader& root, sim::SimulationConfig& system) {
  system.mode = root.optional("mode", kModes, system.mode);
  const auto read = [&](const std::string& key, sim::EngineRole role) {
    return read_pool(root.required_section(key), defaults_for(system.mode, role));
  };
  const bool is_split = system.mode == sim::Mode::disaggregated;
  const bool has_others = root.has("decode") || root.has("mixed");
  system.prefill.instances = 0;
  system.decode.instances = 0;
  if (is_split || root.has("prefill") || !has_others)
    system.prefill = read("prefill", sim::EngineRole::prefill);
  if (root.has("decode") || (is_split && !root.has("mixed")))
    system.decode = read("decode", sim::EngineRole::decode);
  if (root.has("mixed")) system.mixed = read("mixed", sim::EngineRole::mixed);
  for (const char* key : {"prefill", "decode", "mixed"}) root.ignore(key);

  read_routers(root.section("router"), system);
}

}  // namespace kvferry::scenarios
