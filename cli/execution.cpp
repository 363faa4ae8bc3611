#include "cli/execution.hpp"

#include "analysis/run_accumulator.hpp"
#include "cli/interruption.hpp"
#include "cli/placed_workload.hpp"
#include "codec/cuda/gpu_backend.hpp"
#include "codec/files/payload_file.hpp"
#include "codec/gpu/live_codec.hpp"
#include "codec/gpu/probe.hpp"
#include "scenarios/read_system.hpp"
#include "sim/base/error.hpp"
#include "sim/isolated_simulation.hpp"
#include "sim/placement.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace kvferry::cli {
namespace {

codec::PayloadPool pool_for(const scenarios::CodecConfig& config, int layers) {
  if (!config.payload_path) return codec::PayloadPool::synthesize(config.payload);
  codec::FilePayload payload = codec::read_payload(*config.payload_path, layers);
  return codec::PayloadPool::encode(std::move(payload.tensors), config.payload.frames,
                                    payload.description);
}

std::shared_ptr<const codec::PayloadPool> payload_for(const scenarios::CodecConfig& config,
                                                      int layers) {
  auto pool = std::make_shared<const codec::PayloadPool>(pool_for(config, layers));
  spdlog::info("payload: {}; ratio {:.4f}, escapes {:.3f} %", pool->description(),
               pool->compression_ratio(), 100 * pool->escape_rate());
  return pool;
}

// The device for live times; nothing where `auto` has to do without one.
std::optional<codec::LiveDevice> live_device(scenarios::CodecTiming timing) {
  const codec::GpuBackend backend = codec::cuda::gpu_backend();
  const codec::GpuProbe probe = codec::probe_gpu(backend);
  if (probe.gpu) return codec::LiveDevice{*probe.gpu, [backend] { return backend.open(0); }};
  if (timing == scenarios::CodecTiming::live) {
    throw InputError("codec.timing: error: 'live' needs a GPU, and none can be used: " +
                     probe.why_none + "; allowed without one: auto, profile, cpu, constant");
  }
  spdlog::info("codec.timing: auto is the profile here, no GPU can be used: {}", probe.why_none);
  return std::nullopt;
}

bool may_be_live(const scenarios::Scenario& scenario) {
  const scenarios::CodecConfig& config = scenario.codec;
  return scenario.system.mode == sim::Mode::disaggregated &&
         config.codec != scenarios::TransferCodecName::none &&
         (config.timing == scenarios::CodecTiming::automatic ||
          config.timing == scenarios::CodecTiming::live);
}

std::unique_ptr<codec::TransferCodec> codec_for(const scenarios::CodecConfig& config, int layers) {
  if (config.codec == scenarios::TransferCodecName::none) return codec::make_raw_transfer();
  if (config.timing == scenarios::CodecTiming::constant) {
    return codec::make_constant_codec(config.constant);
  }
  if (config.timing == scenarios::CodecTiming::cpu) {
    return codec::make_cpu_codec(payload_for(config, layers));
  }
  return codec::make_recorded_codec(payload_for(config, layers), config.profile,
                                    config.outside_profile);
}

bool shares_prefixes(const sim::SimulationConfig& system) {
  return std::ranges::any_of(sim::engines_of(system), [](const sim::EngineKind& engine) {
    return engine.config->prefix_caching;
  });
}

analysis::RunContext context_of(const scenarios::Scenario& scenario) {
  const sim::SimulationConfig& system = scenario.system;
  analysis::RunContext context;
  context.slo = scenario.slo;
  context.warmup = scenario.warmup;
  for (const sim::EngineKind& engine : sim::engines_of(system)) {
    const std::int32_t gpus = engine.config->gpus_per_instance();
    switch (engine.role) {
      case sim::EngineRole::prefill:
        ++context.prefill_instances;
        context.sending_gpus += gpus;
        break;
      case sim::EngineRole::decode:
        ++context.decode_instances;
        context.receiving_gpus += gpus;
        break;
      case sim::EngineRole::mixed:
        ++context.mixed_instances;
        if (system.mode == sim::Mode::disaggregated) context.receiving_gpus += gpus;
        break;
    }
  }
  const sim::Placement placement = sim::place(system);
  for (const topologies::Link& link : placement.topology.links) {
    context.links.push_back({link.name, link.capacity});
  }
  return context;
}

/// A run in a process of its own, and where its results go.
class RunInProgress {
 public:
  /// @param also may be null
  RunInProgress(const PreparedRun& run, ResultSink* also)
      : scenario_(run.scenario),
        results_(run.workload.requests.size()),
        sinks_(also == nullptr ? std::vector<ResultSink*>{&results_}
                               : std::vector<ResultSink*>{&results_, also}),
        simulation_(run.scenario.system, run.workload.requests, *run.codec, sinks_) {}

  sim::IsolatedSimulation& simulation() { return simulation_; }

  FinishedRun finish() {
    const SimulationSums sums = simulation_.wait();
    analysis::RunSummary summary = analysis::summarize(results_, sums, context_of(scenario_));
    return {std::move(results_).take_requests(), std::move(summary)};
  }

 private:
  const scenarios::Scenario& scenario_;
  analysis::RunAccumulator results_;
  TeeSink sinks_;
  sim::IsolatedSimulation simulation_;
};

std::vector<sim::IsolatedSimulation*> simulations_under_way(std::deque<RunInProgress>& started) {
  std::vector<sim::IsolatedSimulation*> running;
  for (RunInProgress& run : started) {
    if (!run.simulation().has_ended()) running.push_back(&run.simulation());
  }
  return running;
}

}  // namespace

std::vector<scenarios::Override> overrides_from(const std::vector<std::string>& set) {
  std::vector<scenarios::Override> overrides;
  for (const std::string& assignment : set) overrides.push_back({assignment});
  return overrides;
}

// Some traces tell only when they have been read what their block ids stand for.
workloads::Workload requests_of(const scenarios::Scenario& scenario) {
  workloads::Workload workload =
      placed_workload(scenario.workload, scenario.seed, scenario.workload_place);
  std::vector<std::string> faults;
  for (const scenarios::PrefixFault& fault :
       scenarios::prefix_faults(scenario.system, workload.block_tokens))
    faults.push_back("key '" + fault.key + "': error: " + fault.text);
  if (!faults.empty()) throw InputError(std::move(faults));
  return workload;
}

PreparedRun prepare(scenarios::Scenario scenario, Verify verify) {
  PreparedRun run;
  run.workload = requests_of(scenario);
  if (run.workload.block_tokens == 0 && shares_prefixes(scenario.system))
    spdlog::warn("prefix_caching has no effect: the requests name no blocks of their prompts");
  scenario.system.max_concurrency = run.workload.max_concurrency;
  scenario.system.key_tokens = run.workload.block_tokens;
  const int layers = scenario.system.model.layers;
  std::optional<codec::LiveDevice> device;
  if (may_be_live(scenario)) device = live_device(scenario.codec.timing);
  run.uses_device = device.has_value();
  if (device) {
    run.codec = codec::make_live_codec(
        payload_for(scenario.codec, layers), std::move(*device),
        verify == Verify::all ? codec::kVerifyAll : codec::kVerifiedHandoffs);
  } else {
    const bool hands_off = scenario.system.mode == sim::Mode::disaggregated;
    run.codec = hands_off ? codec_for(scenario.codec, layers) : codec::make_raw_transfer();
  }
  run.scenario = std::move(scenario);
  return run;
}

void log_workload(const workloads::Workload& workload) {
  spdlog::info("requests: {} from {}", workload.requests.size(), workload.source.description);
  if (!workload.source.file) return;
  const workloads::TraceAccount& account = workload.source.file->account;
  for (const std::string& warning : account.warnings) spdlog::warn("{}", warning);
  for (const auto& [reason, rows] : account.dropped)
    spdlog::info("rows left out: {} ({})", rows, reason);
}

std::vector<FinishedRun> execute(const std::vector<PreparedRun>& runs,
                                 const std::vector<ResultSink*>& also) {
  const bool one_at_a_time = std::ranges::any_of(runs, &PreparedRun::uses_device);
  return execute(runs, also, one_at_a_time ? 1 : std::max(1U, std::thread::hardware_concurrency()));
}

std::vector<FinishedRun> execute(const std::vector<PreparedRun>& runs,
                                 const std::vector<ResultSink*>& also, std::size_t at_once) {
  std::deque<RunInProgress> started;  // those that have been summarised no longer in it
  std::vector<FinishedRun> finished;
  while (finished.size() < runs.size()) {
    std::vector<sim::IsolatedSimulation*> running = simulations_under_way(started);
    for (std::size_t next = finished.size() + started.size();
         next < runs.size() && running.size() < at_once; ++next) {
      running.push_back(
          &started.emplace_back(runs[next], also.empty() ? nullptr : also[next]).simulation());
    }
    // In order, so that of several faults the first run's is the one that is reported.
    if (started.front().simulation().has_ended()) {
      finished.push_back(started.front().finish());
      started.pop_front();
    } else {
      sim::pass_on_from_any(running);
      if (is_interrupted()) throw RunError("interrupted");
    }
  }
  return finished;
}

}  // namespace kvferry::cli
