// The figures of one run. The front door of this library.
//
//   TTFT     = first token - arrival, hand-off included
//   TPOT     = (finish - first token) / (output tokens - 1)
//   ITL      = gaps between tokens
//   E2EL     = finish - arrival
//   duration = last finish - first arrival; throughputs are per second of it
//   goodput  = requests per second that meet every SLO given
// Arrival is when a request was sent. Where clients held requests back, TTFT is also given from the
// date at which they wanted to send them.
// Names follow `vllm bench serve` where it has them.
#pragma once

#include "analysis/distribution.hpp"
#include "analysis/network_figures.hpp"
#include "analysis/run_accumulator.hpp"
#include "sim/base/result.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvferry::analysis {

/// What the summary needs to know beside the records.
struct RunContext {
  Slo slo;
  Seconds warmup{};  ///< requests arriving earlier are left out of the latency figures
  std::int32_t prefill_instances = 0;
  std::int32_t decode_instances = 0;
  std::int32_t mixed_instances = 0;
  std::int32_t sending_gpus = 0;
  std::int32_t receiving_gpus = 0;
  std::vector<LinkCapacity> links;
};

/// Milliseconds.
struct LatencyFigures {
  std::optional<Distribution> ttft_ms;
  std::optional<Distribution> tpot_ms;
  std::optional<Distribution> itl_ms;  ///< of tokens that came after the warm-up
  std::optional<Distribution> e2el_ms;
  std::optional<Distribution> ttft_from_schedule_ms;  ///< only where clients held requests back
};

/// Milliseconds; where the time of a finished request went. Those of a hand-off are over the
/// requests that had one.
struct StageFigures {
  std::optional<Distribution> client_queue;  ///< only where clients held requests back
  std::optional<Distribution> queue;         ///< arrival to prefill start
  std::optional<Distribution> prefill;
  std::optional<Distribution> admission_wait;  ///< prefill end until the decode side has room
  std::optional<Distribution> encode;          ///< codec busy, sending GPU
  std::optional<Distribution> network;         ///< with bytes on the wire
  std::optional<Distribution> decode_codec;    ///< codec busy, receiving GPU
  std::optional<Distribution> transfer;        ///< hand-off start to KV ready
  std::optional<Distribution>
      exposed_transfer;  ///< prefill end to KV ready: what the client waits for
  std::optional<Distribution>
      hidden_transfer;  ///< hand-off start to prefill end, or to KV ready where that came earlier
};

/// Shares of the time from the first arrival to the end of the run, 0 to 1.
struct Utilization {
  double prefill{};
  double decode{};
  double mixed{};
  double encode{};
  double decode_codec{};
  std::vector<std::pair<std::string, double>>
      links;  ///< that carried anything, in the topology's order
};

struct RunSummary {
  std::int64_t requests{};
  std::int64_t completed{};
  std::int64_t rejected{};
  std::int64_t failed{};
  std::int64_t unfinished{};
  std::map<std::string, std::int64_t> rejected_by_reason;
  std::map<std::string, std::int64_t> failed_by_reason;
  double duration_s{};
  std::int64_t input_tokens{};   ///< of completed requests
  std::int64_t output_tokens{};  ///< likewise
  std::int64_t cached_tokens{};  ///< input tokens of theirs whose prefill was skipped
  std::int64_t preemptions{};    ///< of all requests
  std::int64_t retries{};        ///< likewise: flows sent again
  std::int64_t restarts{};       ///< likewise: times computed again from prefill
  double request_throughput{};
  double output_throughput{};
  double total_token_throughput{};
  double request_goodput{};
  double slo_attainment{};  ///< requests that meet every SLO / all requests
  LatencyFigures latency;
  StageFigures stages;
  Bytes kv_raw{};
  Bytes kv_wire{};
  double compression_ratio{};
  Utilization utilization;
  NetworkFigures network;
  SimulationTotals totals;

  /// Share of the input tokens whose prefill was skipped; 0 where there were none.
  double prefix_hit_rate() const {
    if (input_tokens == 0) return 0;
    return static_cast<double>(cached_tokens) / static_cast<double>(input_tokens);
  }
};

/// @param sums what the run returned when it had given everything else to `results`
RunSummary summarize(const RunAccumulator& results, const SimulationSums& sums,
                     const RunContext& context);

}  // namespace kvferry::analysis
