// CPU seconds that a million requests and three million runs of token gaps cost between the
// simulator and the results: through the pipe's format, into columns, summary, comparison and
// requests.csv. items_per_second counts requests (runs of gaps for TokenGaps).
#include "analysis/comparison.hpp"
#include "analysis/requests_csv.hpp"
#include "analysis/run_accumulator.hpp"
#include "analysis/run_summary.hpp"
#include "analysis/token_gap_distribution.hpp"
#include "sim/base/random.hpp"
#include "sim/base/result_sink.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kvferry::analysis {
namespace {

constexpr std::int64_t kRequests = 1'000'000;
constexpr std::int64_t kGapRuns = 3'000'000;

/// Requests at a thousand a second, each stage of random length; `speedup` divides the lengths.
std::vector<RequestRecord> make_records(double speedup, std::uint64_t seed) {
  RandomStream random(seed, "records");
  const auto after = [&](Seconds date, double mean_s) {
    return date + Seconds{mean_s * random.exponential() / speedup};
  };
  std::vector<RequestRecord> records(static_cast<std::size_t>(kRequests));
  std::int64_t id = 0;
  for (RequestRecord& r : records) {
    r.request_id = id++;
    r.arrival = r.scheduled = {static_cast<double>(r.request_id) / 1000};
    r.input_tokens = 500 + r.request_id % 1000;
    r.output_tokens = 50 + r.request_id % 100;
    r.prefill_instance = r.decode_instance = static_cast<std::int32_t>(r.request_id % 64);
    r.prefill_start = after(r.arrival, 0.1);
    r.prefill_end = after(r.prefill_start, 0.2);
    r.transfer_start = after(r.prefill_end, 0.01);
    r.kv_ready = r.first_token = after(r.transfer_start, 0.03);
    r.first_decode_step = after(r.first_token, 0.02);
    r.finish = after(r.first_decode_step, 2);
    r.kv_raw = {r.input_tokens * 131'072};
    r.kv_wire = {r.kv_raw.value * 3 / 4};
    r.encode = {0.001 * random.uniform()};
    r.network = {0.02 * random.uniform()};
    r.decode_codec = {0.001 * random.uniform()};
    r.outcome = Outcome::finished;
  }
  return records;
}

/// What a decode instance gives: iterations of 10 to 50 ms that grow by less than a microsecond
/// each; one gap in fifty is a wait of a second or so.
TokenGapRuns make_gap_runs(std::uint64_t longest) {
  RandomStream random(1, "gaps");
  TokenGapRuns runs;
  for (std::int64_t i = 0; i < kGapRuns; ++i) {
    const bool is_wait = i % 50 == 0;
    const double gap = is_wait ? random.exponential() : 0.01 + 0.04 * random.uniform();
    const auto gaps = static_cast<std::int64_t>(is_wait ? 1 : 1 + random.below(longest));
    runs.push_back({{static_cast<double>(i) / 1000},
                    {gap},
                    {is_wait ? 0 : 1e-6 * random.uniform()},
                    gaps,
                    static_cast<std::int64_t>(1 + random.below(64))});
  }
  return runs;
}

const std::vector<RequestRecord>& baseline() {
  static const std::vector<RequestRecord> records = make_records(1, 1);
  return records;
}

void accumulate(RunAccumulator& results, const std::vector<RequestRecord>& records) {
  for (const RequestRecord& record : records) results.record(record);
}

void set_items(benchmark::State& state, std::int64_t items) {
  state.SetItemsProcessed(state.iterations() * items);
}

void requests_csv(benchmark::State& state) {
  baseline();
  std::size_t bytes = 0;
  for (auto _ : state) {
    RequestsCsv csv([&](std::string_view block) { bytes += block.size(); });
    for (const RequestRecord& record : baseline()) csv.record(record);
    csv.finish();
  }
  set_items(state, kRequests);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(requests_csv)->Unit(benchmark::kMillisecond);

void accumulate_records(benchmark::State& state) {
  baseline();
  for (auto _ : state) {
    RunAccumulator results(static_cast<std::size_t>(kRequests));
    accumulate(results, baseline());
    benchmark::DoNotOptimize(results.requests().size());
  }
  set_items(state, kRequests);
}
BENCHMARK(accumulate_records)->Unit(benchmark::kMillisecond);

void summarize_records(benchmark::State& state) {
  RunAccumulator results(static_cast<std::size_t>(kRequests));
  accumulate(results, baseline());
  for (auto _ : state) benchmark::DoNotOptimize(summarize(results, {}, {}).latency.ttft_ms);
  set_items(state, kRequests);
}
BENCHMARK(summarize_records)->Unit(benchmark::kMillisecond);

// By the longest run, in gaps.
void token_gaps(benchmark::State& state) {
  const TokenGapRuns runs = make_gap_runs(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(distribution_of(runs, {10})->p99);
  set_items(state, kGapRuns);
}
BENCHMARK(token_gaps)->Arg(1)->Arg(30)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void compare_runs(benchmark::State& state) {
  RunAccumulator a(static_cast<std::size_t>(kRequests));
  RunAccumulator b(static_cast<std::size_t>(kRequests));
  accumulate(a, baseline());
  accumulate(b, make_records(1.3, 2));
  for (auto _ : state) {
    const Comparison comparison = compare(a.requests(), b.requests(), {0}, 7);
    if (!comparison.ttft_p99) state.SkipWithError("the runs are not paired");
  }
  set_items(state, kRequests);
}
BENCHMARK(compare_runs)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kvferry::analysis

BENCHMARK_MAIN();
