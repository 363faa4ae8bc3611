#include "cli/provenance.hpp"

#include "analysis/result_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvferry::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string execution_source(const sim::SimulationConfig& system) {
  const auto describe = [](const auto& spec) { return spec.name + ": " + spec.source; };
  const std::string prefill = describe(system.prefill.gpu);
  const std::string decode = describe(system.decode.gpu);
  std::string text = prefill;
  if (decode != prefill) text += "; " + decode;
  if (system.model.origin == sim::SpecOrigin::scenario) text += "; model " + describe(system.model);
  return text + "; stack " + describe(system.stack);
}

// Fitted as long as every number is the catalog's.
std::string execution_kind(const sim::SimulationConfig& system) {
  const auto is_own = [](const auto& spec) { return spec.origin == sim::SpecOrigin::scenario; };
  const bool assumed = is_own(system.prefill.gpu) || is_own(system.decode.gpu) ||
                       is_own(system.model) || is_own(system.stack);
  return assumed ? "assumed" : "fitted";
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
          {"execution_time", execution_kind(run.scenario.system),
           execution_source(run.scenario.system)},
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
