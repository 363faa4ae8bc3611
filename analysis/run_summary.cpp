#include "analysis/run_summary.hpp"

#include "analysis/token_gap_distribution.hpp"

#include <algorithm>
#include <string_view>

namespace kvferry::analysis {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;

double milliseconds(Seconds time) {
  return time.value * kMillisecondsPerSecond;
}

// The distribution of a figure over some records.
template <typename Figure>
std::optional<Distribution> over(const std::vector<const RequestRecord*>& records, Figure figure) {
  std::vector<double> samples;
  samples.reserve(records.size());
  for (const RequestRecord* record : records) samples.push_back(milliseconds(figure(*record)));
  return distribution_of(std::move(samples));
}

std::optional<Distribution> tpot_figures(const std::vector<const RequestRecord*>& records) {
  std::vector<double> samples;
  for (const RequestRecord* record : records) {
    if (const auto tpot = tpot_of(*record)) samples.push_back(milliseconds(*tpot));
  }
  return distribution_of(std::move(samples));
}

std::optional<Distribution> itl_figures(const std::vector<TokenGapRun>& runs, Seconds warmup) {
  auto figures = distribution_of(TokenGapRuns(runs.begin(), runs.end()), warmup);
  if (!figures) return figures;
  for (double Distribution::*member :
       {&Distribution::mean, &Distribution::median, &Distribution::deviation, &Distribution::p90,
        &Distribution::p95, &Distribution::p99}) {
    *figures.*member *= kMillisecondsPerSecond;
  }
  return figures;
}

StageFigures stage_figures(const std::vector<const RequestRecord*>& records) {
  using Record = const RequestRecord&;
  StageFigures stages;
  stages.queue = over(records, [](Record r) { return r.prefill_start - r.arrival; });
  stages.prefill = over(records, [](Record r) { return r.prefill_end - r.prefill_start; });
  stages.admission_wait = over(records, [](Record r) { return r.transfer_start - r.prefill_end; });
  stages.encode = over(records, [](Record r) { return r.encode; });
  stages.network = over(records, [](Record r) { return r.network; });
  stages.decode_codec = over(records, [](Record r) { return r.decode_codec; });
  stages.transfer = over(records, transfer_of);
  stages.exposed_transfer = over(records, [](Record r) { return r.kv_ready - r.prefill_end; });
  return stages;
}

bool meets(const RequestRecord& record, const Slo& slo) {
  if (slo.ttft && ttft_of(record) > *slo.ttft) return false;
  const auto tpot = tpot_of(record);
  return !slo.tpot || !tpot || *tpot <= *slo.tpot;
}

void count_outcomes(const std::vector<RequestRecord>& records, RunSummary& summary) {
  summary.requests = static_cast<std::int64_t>(records.size());
  for (const RequestRecord& record : records) {
    if (record.outcome == Outcome::finished) {
      ++summary.completed;
    } else if (is_rejected(record.outcome)) {
      ++summary.rejected;
      constexpr std::string_view kPrefix = "rejected:";
      ++summary.rejected_by_reason[std::string(name_of(record.outcome).substr(kPrefix.size()))];
    } else {
      ++summary.unfinished;
    }
    summary.kv_raw += record.kv_raw;
    summary.kv_wire += record.kv_wire;
  }
}

Seconds duration_of(const std::vector<const RequestRecord*>& finished,
                    const std::vector<RequestRecord>& records) {
  if (finished.empty()) return {0};
  Seconds last = finished.front()->finish;
  for (const RequestRecord* record : finished) last = std::max(last, record->finish);
  return last - records.front().arrival;
}

void add_rates(const std::vector<const RequestRecord*>& finished, const Slo& slo,
               RunSummary& summary) {
  std::int64_t good = 0;
  for (const RequestRecord* record : finished) {
    summary.input_tokens += record->input_tokens;
    summary.output_tokens += record->output_tokens;
    if (meets(*record, slo)) ++good;
  }
  if (summary.requests > 0) {
    summary.slo_attainment = static_cast<double>(good) / static_cast<double>(summary.requests);
  }
  if (summary.duration_s <= 0) return;
  const auto per_second = [&](std::int64_t count) {
    return static_cast<double>(count) / summary.duration_s;
  };
  summary.request_throughput = per_second(summary.completed);
  summary.output_throughput = per_second(summary.output_tokens);
  summary.total_token_throughput = per_second(summary.input_tokens + summary.output_tokens);
  summary.request_goodput = per_second(good);
}

// From the first arrival to the end of the run: nothing was busy before, and all that was busy is
// counted.
Utilization utilization_of(const SimulationResult& result, const RunContext& context) {
  Utilization use;
  if (result.records.empty()) return use;
  const SimulationTotals& totals = result.totals;
  const Seconds observed = totals.end - result.records.front().arrival;
  if (observed.value <= 0) return use;
  const auto share = [&](Seconds busy, std::int32_t of) { return busy / observed / of; };
  use.prefill = share(totals.prefill_busy, context.prefill_instances);
  use.decode = share(totals.decode_busy, context.decode_instances);
  use.encode = share(totals.encode_busy, context.sending_gpus);
  use.decode_codec = share(totals.decode_codec_busy, context.receiving_gpus);
  for (std::size_t i = 0; i < context.links.size(); ++i) {
    if (result.link_bytes[i].value == 0) continue;
    const LinkCapacity& link = context.links[i];
    use.links.emplace_back(link.name, result.link_bytes[i] / link.capacity / observed);
  }
  return use;
}

}  // namespace

Seconds ttft_of(const RequestRecord& record) {
  return record.first_token - record.arrival;
}

std::optional<Seconds> tpot_of(const RequestRecord& record) {
  if (record.output_tokens < 2) return std::nullopt;
  return (record.finish - record.first_token) *
         (1.0 / static_cast<double>(record.output_tokens - 1));
}

Seconds transfer_of(const RequestRecord& record) {
  return record.kv_ready - record.transfer_start;
}

RunSummary summarize(const SimulationResult& result, const RunContext& context) {
  std::vector<const RequestRecord*> finished;
  std::vector<const RequestRecord*> measured;
  for (const RequestRecord& record : result.records) {
    if (record.outcome != Outcome::finished) continue;
    finished.push_back(&record);
    if (record.arrival >= context.warmup) measured.push_back(&record);
  }
  RunSummary summary;
  count_outcomes(result.records, summary);
  summary.duration_s = duration_of(finished, result.records).value;
  add_rates(finished, context.slo, summary);
  summary.latency.ttft_ms = over(measured, ttft_of);
  summary.latency.tpot_ms = tpot_figures(measured);
  summary.latency.itl_ms = itl_figures(result.token_gaps, context.warmup);
  summary.latency.e2el_ms =
      over(measured, [](const RequestRecord& r) { return r.finish - r.arrival; });
  summary.stages = stage_figures(measured);
  if (summary.kv_wire.value > 0) {
    summary.compression_ratio =
        static_cast<double>(summary.kv_raw.value) / static_cast<double>(summary.kv_wire.value);
  }
  summary.utilization = utilization_of(result, context);
  summary.totals = result.totals;
  return summary;
}

}  // namespace kvferry::analysis
