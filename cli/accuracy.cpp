#include "cli/accuracy.hpp"

#include "cli/execution.hpp"
#include "scenarios/load_scenario.hpp"
#include "sim/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <variant>

namespace kvferry::cli {
namespace {

std::string origin_of(const ReplayedRow& row) {
  return "scenario of line " + std::to_string(row.measured.line);
}

PreparedRun prepared(const ReplayedRow& row) {
  return prepare(scenarios::load_scenario_text(row.scenario, origin_of(row), {}), Verify::first);
}

void replay(std::span<ReplayedRow> rows, std::size_t at_once) {
  std::vector<PreparedRun> runs;
  for (const ReplayedRow& row : rows) runs.push_back(prepared(row));
  const std::vector<FinishedRun> finished = execute(runs, {}, at_once);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const analysis::RunSummary& summary = finished[i].summary;
    const analysis::LatencyFigures& latency = summary.latency;
    if (!latency.ttft_ms || !latency.tpot_ms)
      throw RunError(origin_of(rows[i]) + ": the simulated system finishes no request");
    rows[i].ttft_ms = latency.ttft_ms->mean;
    rows[i].tpot_ms = latency.tpot_ms->mean;
    rows[i].preemptions = summary.preemptions;
  }
}

std::vector<std::string> key_of(const ReplayedRow& row, std::size_t parts) {
  std::vector<std::string> key{row.system.stack, row.system.gpu, row.system.model,
                               row.system.weights, std::to_string(row.measured.tensor_parallel)};
  key.resize(std::min(parts, key.size()));
  return key;
}

}  // namespace

Accuracy replay(const std::vector<Measurement>& measurements, const Selection& selection,
                std::size_t at_once) {
  Accuracy result;
  for (const Measurement& measurement : measurements) {
    const auto kind = classify(measurement, selection);
    if (const auto* exclusion = std::get_if<Exclusion>(&kind)) {
      result.excluded.push_back({measurement, exclusion->reason});
      continue;
    }
    const auto& system = std::get<MeasuredSystem>(kind);
    result.replayed.push_back({measurement, system, scenario_text(measurement, system), 0, 0, 0});
  }
  // In portions, because a fork takes as long as this process is large.
  constexpr std::size_t kPortion = 64;
  std::span<ReplayedRow> rest(result.replayed);
  while (!rest.empty()) {
    const auto portion = rest.first(std::min(kPortion, rest.size()));
    replay(portion, at_once);
    rest = rest.subspan(portion.size());
  }
  return result;
}

std::vector<AccuracyGroup> groups_of(const std::vector<ReplayedRow>& rows, std::size_t key_parts) {
  struct Errors {
    std::vector<double> ttft;
    std::vector<double> tpot;
  };
  std::map<std::vector<std::string>, Errors> errors;
  for (const ReplayedRow& row : rows) {
    Errors& group = errors[key_of(row, key_parts)];
    group.ttft.push_back(row.ttft_error());
    group.tpot.push_back(row.tpot_error());
  }
  std::vector<AccuracyGroup> groups;
  for (const auto& [key, group] : errors) {
    groups.push_back({key, analysis::error_figures_of(group.ttft).value(),
                      analysis::error_figures_of(group.tpot).value()});
  }
  return groups;
}

std::vector<std::pair<std::string, std::int64_t>> exclusions_of(
    const std::vector<ExcludedRow>& rows) {
  std::map<std::string, std::int64_t> counts;
  for (const ExcludedRow& row : rows) ++counts[row.reason];
  std::vector<std::pair<std::string, std::int64_t>> result(counts.begin(), counts.end());
  std::ranges::stable_sort(result, std::ranges::greater{},
                           &std::pair<std::string, std::int64_t>::second);
  return result;
}

std::vector<const ReplayedRow*> worst_of(const std::vector<ReplayedRow>& rows, std::size_t most) {
  std::vector<const ReplayedRow*> worst;
  for (const ReplayedRow& row : rows) worst.push_back(&row);
  std::ranges::stable_sort(worst, std::ranges::greater{},
                           [](const ReplayedRow* row) { return std::abs(row->tpot_error()); });
  worst.resize(std::min(most, worst.size()));
  return worst;
}

}  // namespace kvferry::cli
