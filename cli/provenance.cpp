#include "cli/provenance.hpp"

#include "analysis/result_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvferry::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string execution_source(const sim::SimulationConfig& system) {
  const auto describe = [](const sim::GpuSpec& gpu) { return gpu.name + ": " + gpu.source; };
  std::string text = describe(system.prefill.gpu);
  if (system.decode.gpu.name != system.prefill.gpu.name) text += "; " + describe(system.decode.gpu);
  return text + "; stack " + system.stack.name + ": " + system.stack.source;
}

// Numbers and booleans of the scenario stay what they are; quantities keep their units as text.
Json to_json(const scenarios::ResolvedNode& node) {
  if (node.children.empty()) {
    const bool literal = node.kind != scenarios::ScalarKind::text;
    return literal ? Json::parse(node.scalar) : Json(node.scalar);
  }
  Json json = Json::object();
  for (const scenarios::ResolvedNode& child : node.children) {
    if (!child.is_empty()) json[child.key] = to_json(child);
  }
  return json;
}

Json account_json(const workloads::TraceAccount& account) {
  return {{"rows_read", account.rows_read},     {"emitted", account.emitted},
          {"dropped", account.dropped},         {"ignored_keys", account.ignored_keys},
          {"blank_lines", account.blank_lines}, {"unsorted_rows", account.unsorted_rows},
          {"truncated", account.truncated},     {"warnings", account.warnings}};
}

}  // namespace

std::vector<ProvenanceLine> provenance_of(const PreparedRun& run) {
  const codec::CodecSources codec = run.codec->sources();
  const std::string requests_kind(workloads::name_of(run.workload.source.kind));
  return {{"codec_time", std::string(text_of(codec.time)), codec.time_source},
          {"codec_size", std::string(text_of(codec.size)), codec.size_source},
          {"execution_time", "fitted", execution_source(run.scenario.system)},
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
