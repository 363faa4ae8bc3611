// Analysis of results that are held whole, as small tests have them.
#pragma once

#include "analysis/comparison.hpp"
#include "analysis/run_accumulator.hpp"
#include "analysis/run_summary.hpp"
#include "sim/base/result_sink.hpp"

namespace kvferry::analysis {

inline RunSummary summarize(const SimulationResult& result, const RunContext& context) {
  RunAccumulator results(result.records.size());
  replay(result, results);
  return summarize(results, {result.totals, result.network}, context);
}

inline Comparison compare(const SimulationResult& baseline, const SimulationResult& variant,
                          Seconds warmup, std::uint64_t seed) {
  RunAccumulator a(baseline.records.size());
  RunAccumulator b(variant.records.size());
  replay(baseline, a);
  replay(variant, b);
  return compare(a.requests(), b.requests(), warmup, seed);
}

}  // namespace kvferry::analysis
