#include "analysis/result_json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>

namespace kvferry::analysis {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::optional<Distribution>& figures) {
  if (!figures) return nullptr;
  return {{"mean", figures->mean}, {"median", figures->median}, {"std", figures->deviation},
          {"p90", figures->p90},   {"p95", figures->p95},       {"p99", figures->p99}};
}

// vLLM's flat names: mean_ttft_ms, median_ttft_ms, ...
void add_flat(Json& json, const std::string& name, const std::optional<Distribution>& figures) {
  for (const auto& [statistic, member] :
       {std::pair{"mean", &Distribution::mean}, std::pair{"median", &Distribution::median},
        std::pair{"std", &Distribution::deviation}, std::pair{"p90", &Distribution::p90},
        std::pair{"p95", &Distribution::p95}, std::pair{"p99", &Distribution::p99}}) {
    Json& value = json[std::string(statistic) + "_" + name];
    value = figures ? Json(*figures.*member) : Json(nullptr);
  }
}

void add_stages(Json& json, const StageFigures& stages) {
  if (stages.client_queue) json["client_queue_ms"] = to_json(stages.client_queue);
  json["queue_ms"] = to_json(stages.queue);
  json["prefill_ms"] = to_json(stages.prefill);
  json["admission_wait_ms"] = to_json(stages.admission_wait);
  json["encode_ms"] = to_json(stages.encode);
  json["network_ms"] = to_json(stages.network);
  json["decode_codec_ms"] = to_json(stages.decode_codec);
  json["transfer_ms"] = to_json(stages.transfer);
  json["exposed_transfer_ms"] = to_json(stages.exposed_transfer);
}

Json to_json(const Utilization& use) {
  Json links = Json::object();
  for (const auto& [name, share] : use.links) links[name] = share;
  return {{"prefill", use.prefill},
          {"decode", use.decode},
          {"mixed", use.mixed},
          {"codec", {{"encode", use.encode}, {"decode", use.decode_codec}}},
          {"links", links}};
}

// There are up to a thousand of them: four digits will do.
Json rounded(const std::vector<double>& shares) {
  Json json = Json::array();
  for (const double share : shares) json.push_back(std::round(share * 1e4) / 1e4);
  return json;
}

Json to_json(const NetworkFigures& network, const std::optional<Distribution>& hidden_transfer) {
  Json contended = Json::array();
  for (const ContendedLink& link : network.contended_links) {
    contended.push_back({{"name", link.name},
                         {"utilization", link.utilization},
                         {"shared_s", link.shared.value},
                         {"busy_s", link.busy.value},
                         {"peak_flows", link.peak_flows}});
  }
  Json links = Json::object();
  for (const LinkShares& line : network.timeline) links[line.name] = rounded(line.shares);
  return {{"contended_links", contended},
          {"incast", {{"events", network.incast.events}, {"seconds", network.incast.time.value}}},
          {"timeline", {{"bin_s", network.bin.value}, {"links", links}}},
          {"transfer_hidden_ms", to_json(hidden_transfer)}};
}

Json to_json(const std::optional<Speedup>& speedup) {
  if (!speedup) return nullptr;
  Json json{{"speedup", speedup->value}};
  json["ci95"] =
      speedup->interval ? Json{speedup->interval->low, speedup->interval->high} : Json(nullptr);
  return json;
}

// Savings are means over the hand-offs that were compressed.
Json handoffs_to_json(const SimulationTotals& totals) {
  Json json{{"count", totals.handoffs}, {"compressed", totals.compressed_handoffs}};
  const auto mean_ms = [&](Seconds sum) {
    return totals.compressed_handoffs > 0
               ? Json(1e3 * sum.value / static_cast<double>(totals.compressed_handoffs))
               : Json(nullptr);
  };
  json["saved_by_bytes_ms"] = mean_ms(totals.saved_by_bytes);
  json["saved_by_descriptors_ms"] = mean_ms(totals.saved_by_descriptors);
  return json;
}

}  // namespace

Json to_json(const RunSummary& summary) {
  Json json;
  json["requests"] = summary.requests;
  json["completed"] = summary.completed;
  json["rejected"] = summary.rejected;
  json["failed"] = summary.failed;
  json["unfinished"] = summary.unfinished;
  json["rejected_by_reason"] = summary.rejected_by_reason;
  json["failed_by_reason"] = summary.failed_by_reason;
  json["duration_s"] = summary.duration_s;
  json["total_input_tokens"] = summary.input_tokens;
  json["total_output_tokens"] = summary.output_tokens;
  json["cached_tokens"] = summary.cached_tokens;
  json["prefix_hit_rate"] =
      summary.input_tokens > 0 ? Json(summary.prefix_hit_rate()) : Json(nullptr);
  json["preemptions"] = summary.preemptions;
  json["retries"] = summary.retries;
  json["restarts"] = summary.restarts;
  json["request_throughput"] = summary.request_throughput;
  json["output_throughput"] = summary.output_throughput;
  json["total_token_throughput"] = summary.total_token_throughput;
  json["request_goodput"] = summary.request_goodput;
  json["slo_attainment"] = summary.slo_attainment;
  add_flat(json, "ttft_ms", summary.latency.ttft_ms);
  add_flat(json, "tpot_ms", summary.latency.tpot_ms);
  add_flat(json, "itl_ms", summary.latency.itl_ms);
  add_flat(json, "e2el_ms", summary.latency.e2el_ms);
  if (summary.latency.ttft_from_schedule_ms)
    add_flat(json, "ttft_from_schedule_ms", summary.latency.ttft_from_schedule_ms);
  add_stages(json, summary.stages);
  json["kv_raw_bytes"] = summary.kv_raw.value;
  json["kv_wire_bytes"] = summary.kv_wire.value;
  json["compression_ratio"] =
      summary.kv_wire.value > 0 ? Json(summary.compression_ratio) : Json(nullptr);
  json["utilization"] = to_json(summary.utilization);
  json["network"] = to_json(summary.network, summary.stages.hidden_transfer);
  json["prefill_iterations"] = summary.totals.prefill_iterations;
  json["decode_iterations"] = summary.totals.decode_iterations;
  json["mixed_iterations"] = summary.totals.mixed_iterations;
  json["flows"] = summary.totals.flows;
  json["handoffs"] = handoffs_to_json(summary.totals);
  json["fidelity"] = summary.totals.fidelity == HandoffFidelity::fluid ? "fluid" : "chunks";
  const LiveCodecAccount& live = summary.totals.live_codec;
  if (live.handoffs > 0) {
    json["live_codec"] = {{"handoffs", live.handoffs},
                          {"verified_handoffs", live.verified_handoffs},
                          {"chunks", live.chunks},
                          {"split_chunks", live.split_chunks}};
  }
  return json;
}

Json to_json(const Comparison& comparison) {
  Json json;
  json["paired"] = comparison.paired;
  json["pairs"] = comparison.pairs;
  json["ttft_mean"] = to_json(comparison.ttft_mean);
  json["ttft_p50"] = to_json(comparison.ttft_p50);
  json["ttft_p99"] = to_json(comparison.ttft_p99);
  json["tpot_mean"] = to_json(comparison.tpot_mean);
  json["transfer_mean"] = to_json(comparison.transfer_mean);
  json["request_throughput"] = to_json(comparison.request_throughput);
  return json;
}

}  // namespace kvferry::analysis
