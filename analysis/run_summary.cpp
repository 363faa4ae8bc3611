#include "analysis/run_summary.hpp"

#include "analysis/request_columns.hpp"
#include "analysis/token_gap_distribution.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace kvferry::analysis {
namespace {

using Rows = std::vector<std::size_t>;
using Figure = RequestColumns::Time (RequestColumns::*)(std::size_t) const;

constexpr double kMillisecondsPerSecond = 1e3;

/// Makes distributions, in milliseconds, of what the requests of some rows have.
class FiguresOver {
 public:
  FiguresOver(const RequestColumns& requests, const Rows& rows)
      : requests_(requests), rows_(rows) {}

  std::optional<Distribution> operator()(Figure figure) const {
    std::vector<double> samples;
    samples.reserve(rows_.size());
    for (const std::size_t row : rows_) {
      if (const auto time = (requests_.*figure)(row))
        samples.push_back(time->value * kMillisecondsPerSecond);
    }
    return distribution_of(std::move(samples));
  }

 private:
  const RequestColumns& requests_;
  const Rows& rows_;
};

std::optional<Distribution> itl_figures(const TokenGapRuns& runs, Seconds warmup) {
  auto figures = distribution_of(runs, warmup);
  if (!figures) return figures;
  for (double Distribution::*member :
       {&Distribution::mean, &Distribution::median, &Distribution::deviation, &Distribution::p90,
        &Distribution::p95, &Distribution::p99}) {
    *figures.*member *= kMillisecondsPerSecond;
  }
  return figures;
}

LatencyFigures latency_figures(const FiguresOver& over, const RunTally& tally) {
  LatencyFigures latency;
  latency.ttft_ms = over(&RequestColumns::ttft);
  latency.tpot_ms = over(&RequestColumns::tpot);
  latency.e2el_ms = over(&RequestColumns::e2el);
  if (tally.clients_held_back)
    latency.ttft_from_schedule_ms = over(&RequestColumns::ttft_from_schedule);
  return latency;
}

StageFigures stage_figures(const FiguresOver& over, const RunTally& tally) {
  StageFigures stages;
  if (tally.clients_held_back) stages.client_queue = over(&RequestColumns::client_queue);
  stages.queue = over(&RequestColumns::queue);
  stages.prefill = over(&RequestColumns::prefill);
  stages.admission_wait = over(&RequestColumns::admission_wait);
  stages.encode = over(&RequestColumns::encode);
  stages.network = over(&RequestColumns::network);
  stages.decode_codec = over(&RequestColumns::decode_codec);
  stages.transfer = over(&RequestColumns::transfer);
  stages.exposed_transfer = over(&RequestColumns::exposed_transfer);
  stages.hidden_transfer = over(&RequestColumns::hidden_transfer);
  return stages;
}

// A limit on what a request does not have is met.
bool meets(const RequestColumns& requests, std::size_t row, const Slo& slo) {
  const auto within = [](RequestColumns::Time time, const std::optional<Seconds>& limit) {
    return !limit || !time || *time <= *limit;
  };
  return within(requests.ttft(row), slo.ttft) && within(requests.tpot(row), slo.tpot);
}

std::int64_t count_good(const RequestColumns& requests, const Slo& slo) {
  std::int64_t good = 0;
  for (std::size_t row = 0; row < requests.size(); ++row) {
    if (requests.has_finished(row) && meets(requests, row, slo)) ++good;
  }
  return good;
}

// What stands behind the colon.
std::string reason_of(Outcome outcome) {
  const std::string_view name = name_of(outcome);
  return std::string(name.substr(name.find(':') + 1));
}

void add_counts(const RunTally& tally, RunSummary& summary) {
  for (std::size_t i = 0; i < tally.outcomes.size(); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    const std::int64_t count = tally.outcomes[i];
    summary.requests += count;
    if (count == 0) continue;
    if (is_rejected(outcome)) {
      summary.rejected += count;
      summary.rejected_by_reason[reason_of(outcome)] = count;
    } else if (is_failed(outcome)) {
      summary.failed += count;
      summary.failed_by_reason[reason_of(outcome)] = count;
    }
  }
  summary.completed = tally.outcomes[static_cast<std::size_t>(Outcome::finished)];
  summary.unfinished = tally.outcomes[static_cast<std::size_t>(Outcome::unfinished)];
  summary.input_tokens = tally.input_tokens;
  summary.output_tokens = tally.output_tokens;
  summary.cached_tokens = tally.cached_tokens;
  summary.preemptions = tally.preemptions;
  summary.retries = tally.retries;
  summary.restarts = tally.restarts;
  summary.kv_raw = tally.kv_raw;
  summary.kv_wire = tally.kv_wire;
  if (summary.kv_wire.value > 0) {
    summary.compression_ratio =
        static_cast<double>(summary.kv_raw.value) / static_cast<double>(summary.kv_wire.value);
  }
}

void add_rates(std::int64_t good, RunSummary& summary) {
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
// counted. Zero where nothing arrived.
Seconds observed_time(const SimulationTotals& totals, const RunTally& tally) {
  if (!tally.first_arrival) return {0};
  return std::max(totals.end - *tally.first_arrival, Seconds{0});
}

Utilization utilization_of(const SimulationSums& sums, Seconds observed,
                           const RunContext& context) {
  Utilization use;
  if (observed.value <= 0) return use;
  const SimulationTotals& totals = sums.totals;
  const auto share = [&](Seconds busy, std::int32_t of) {
    return of == 0 ? 0 : busy / observed / of;
  };
  use.prefill = share(totals.prefill_busy, context.prefill_instances);
  use.decode = share(totals.decode_busy, context.decode_instances);
  use.mixed = share(totals.mixed_busy, context.mixed_instances);
  use.encode = share(totals.encode_busy, context.sending_gpus);
  use.decode_codec = share(totals.decode_codec_busy, context.receiving_gpus);
  for (std::size_t i = 0; i < context.links.size(); ++i) {
    const Bytes carried = sums.network.links[i].carried;
    if (carried.value == 0) continue;
    const LinkCapacity& link = context.links[i];
    use.links.emplace_back(link.name, carried / link.capacity / observed);
  }
  return use;
}

Rows measured_rows(const RequestColumns& requests, Seconds warmup) {
  Rows rows;
  for (std::size_t row = 0; row < requests.size(); ++row) {
    if (requests.has_finished(row) && requests.arrival(row) >= warmup) rows.push_back(row);
  }
  return rows;
}

}  // namespace

RunSummary summarize(const RunAccumulator& results, const SimulationSums& sums,
                     const RunContext& context) {
  const RunTally& tally = results.tally();
  RunSummary summary;
  add_counts(tally, summary);
  if (tally.first_arrival && tally.last_finish)
    summary.duration_s = (*tally.last_finish - *tally.first_arrival).value;
  add_rates(count_good(results.requests(), context.slo), summary);
  const Rows measured = measured_rows(results.requests(), context.warmup);
  const FiguresOver over(results.requests(), measured);
  summary.latency = latency_figures(over, tally);
  summary.latency.itl_ms = itl_figures(results.gap_runs(), context.warmup);
  summary.stages = stage_figures(over, tally);
  const Seconds observed = observed_time(sums.totals, tally);
  summary.utilization = utilization_of(sums, observed, context);
  summary.network = network_figures(sums.network, context.links, {observed, sums.totals.end});
  summary.totals = sums.totals;
  return summary;
}

}  // namespace kvferry::analysis
