#include "cli/provenance.hpp"

#include "analysis/result_json.hpp"
#include "sim/moe_time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace kvferry::cli {
namespace {

using Json = nlohmann::ordered_json;

// Every GPU once, in the order of the engines.
std::vector<const sim::GpuSpec*> gpus_of(const sim::SimulationConfig& system) {
  std::vector<const sim::GpuSpec*> gpus;
  for (const sim::EngineKind& engine : sim::engines_of(system)) {
    const sim::GpuSpec& gpu = engine.config->gpu;
    const auto is_same = [&](const sim::GpuSpec* known) { return known->name == gpu.name; };
    if (std::ranges::none_of(gpus, is_same)) gpus.push_back(&gpu);
  }
  return gpus;
}

// Whether the time of the experts is interpolated between measurements, or a fit's.
std::string experts_source(const sim::SimulationConfig& system, const sim::PoolConfig& pool) {
  const sim::MoeTime time(pool.gpu, system.model, pool.tensor_parallel, pool.expert_parallel,
                          system.weights);
  return time.is_measured() ? "measured in this shape, balanced" : "fitted roofline";
}

std::string experts_sources(const sim::SimulationConfig& system) {
  std::set<std::string> sources;
  for (const sim::EngineKind& engine : sim::engines_of(system))
    sources.insert(experts_source(system, *engine.config));
  return fmt::format("{}", fmt::join(sources, " and "));
}

std::string execution_source(const sim::SimulationConfig& system) {
  const auto describe = [](const auto& spec) { return spec.name + ": " + spec.source; };
  std::string text;
  for (const sim::GpuSpec* gpu : gpus_of(system)) text += describe(*gpu) + "; ";
  if (system.model.origin == sim::SpecOrigin::scenario)
    text += "model " + describe(system.model) + "; ";
  if (system.model.moe) text += "experts: " + experts_sources(system) + "; ";
  return text + "stack " + describe(system.stack);
}

// Fitted as long as every number is the catalog's, and the GPUs' own.
std::string execution_kind(const sim::SimulationConfig& system) {
  const auto is_own = [](const auto& spec) { return spec.origin == sim::SpecOrigin::scenario; };
  const auto is_extrapolated = [](const auto* gpu) { return gpu->extrapolated_from.has_value(); };
  const std::vector<const sim::GpuSpec*> gpus = gpus_of(system);
  const bool own_gpu = std::ranges::any_of(gpus, [&](const auto* gpu) { return is_own(*gpu); });
  if (own_gpu || is_own(system.model) || is_own(system.stack)) return "assumed";
  return std::ranges::any_of(gpus, is_extrapolated) ? "extrapolated" : "fitted";
}

// Fitted as long as every figure is; an engine that adds nothing needs no source.
std::string engine_kind(const sim::TransferEngine& engine) {
  if (engine.origin == sim::SpecOrigin::scenario) return "assumed";
  if (engine.figures.empty()) return "none";
  const auto is_measured = [](const sim::FigureSource& figure) {
    return figure.origin == sim::FigureOrigin::measured;
  };
  if (std::ranges::all_of(engine.figures, is_measured)) return "fitted";
  return std::ranges::any_of(engine.figures, is_measured) ? "fitted, partly assumed" : "assumed";
}

std::string engine_source(const sim::TransferEngine& engine) {
  std::vector<std::string> assumed;
  for (const sim::FigureSource& figure : engine.figures) {
    if (figure.origin == sim::FigureOrigin::assumed) assumed.push_back(figure.figure);
  }
  const std::string text = engine.name + ": " + engine.source;
  return assumed.empty() ? text : fmt::format("{}; assumed: {}", text, fmt::join(assumed, ", "));
}

ProvenanceLine engine_line(const sim::SimulationConfig& system) {
  if (system.mode != sim::Mode::disaggregated)
    return {"transfer_engine", "none", "nothing is handed off"};
  const sim::TransferEngine& engine = system.transfer.engine;
  return {"transfer_engine", engine_kind(engine), engine_source(engine)};
}

// Numbers and booleans of the scenario stay what they are; quantities keep their units as text.
Json to_json(const scenarios::ResolvedNode& node) {
  if (node.children.empty()) {
    const bool literal =
        node.kind == scenarios::ScalarKind::number || node.kind == scenarios::ScalarKind::boolean;
    return literal ? Json::parse(node.scalar) : Json(node.scalar);
  }
  if (node.is_list()) {
    Json list = Json::array();
    for (const scenarios::ResolvedNode& item : node.children) list.push_back(to_json(item));
    return list;
  }
  Json json = Json::object();
  for (const scenarios::ResolvedNode& child : node.children) {
    if (!child.is_empty()) json[child.key] = to_json(child);
  }
  return json;
}

Json account_json(const workloads::TraceAccount& account) {
  return {{"rows_read", account.rows_read},       {"emitted", account.emitted},
          {"dropped", account.dropped},           {"ignored_keys", account.ignored_keys},
          {"blank_lines", account.blank_lines},   {"unsorted_rows", account.unsorted_rows},
          {"sessions", account.sessions},         {"orphan_turns", account.orphan_turns},
          {"prefill_only", account.prefill_only}, {"byte_order_mark", account.byte_order_mark},
          {"truncated", account.truncated},       {"warnings", account.warnings}};
}

// Without hand-offs there is nothing to encode, whatever transfer.codec says.
codec::CodecSources codec_sources(const PreparedRun& run) {
  if (run.scenario.system.mode == sim::Mode::disaggregated) return run.codec->sources();
  const std::string nothing = "nothing is handed off";
  return {codec::Provenance::none, nothing, codec::Provenance::none, nothing};
}

}  // namespace

std::vector<ProvenanceLine> provenance_of(const PreparedRun& run) {
  const codec::CodecSources codec = codec_sources(run);
  const std::string requests_kind(workloads::name_of(run.workload.source.kind));
  return {{"codec_time", std::string(text_of(codec.time)), codec.time_source},
          {"codec_size", std::string(text_of(codec.size)), codec.size_source},
          {"execution_time", execution_kind(run.scenario.system),
           execution_source(run.scenario.system)},
          engine_line(run.scenario.system),
          {"trace", requests_kind, run.workload.source.description}};
}

Json provenance_json(const PreparedRun& run) {
  Json json;
  for (const ProvenanceLine& line : provenance_of(run)) {
    json[line.what] = {{"kind", line.kind}, {"source", line.source}};
  }
  if (const auto& file = run.workload.source.file) {
    json["trace"]["path"] = file->path;
    json["trace"]["bytes_read"] = file->file_bytes;
    json["trace"]["account"] = account_json(file->account);
  }
  return json;
}

std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json summary_json(const PreparedRun& run, const FinishedRun& finished) {
  Json json;
  json["name"] = run.scenario.name;
  json["version"] = KVFERRY_VERSION;
  json["seed"] = run.scenario.seed;
  json.update(analysis::to_json(finished.summary));
  json["provenance"] = provenance_json(run);
  json["scenario"] = to_json(run.scenario.resolved);
  return json;
}

}  // namespace kvferry::cli
