#include "analysis/comparison.hpp"
#include "analysis/result_json.hpp"
#include "cli/commands.hpp"
#include "cli/execution.hpp"
#include "cli/output_folder.hpp"
#include "cli/provenance.hpp"
#include "cli/report_text.hpp"
#include "cli/result_files.hpp"
#include "cli/variants.hpp"
#include "scenarios/load_scenario.hpp"
#include "sim/base/error.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::cli {
namespace {

// The faults of all variants are reported together, each once: most are common to all.
std::vector<scenarios::Scenario> load_all(const CompareOptions& options, const Variants& variants) {
  std::vector<scenarios::Scenario> scenarios;
  std::vector<std::string> faults;
  for (const std::string& value : variants.values) {
    auto overrides = overrides_from(options.run.set);
    overrides.push_back({variants.key + "=" + value, "--vary"});
    try {
      scenarios.push_back(scenarios::load_scenario(options.run.scenario, overrides));
    } catch (const InputError& error) {
      if (std::ranges::find(faults, error.what()) == faults.end())
        faults.emplace_back(error.what());
    }
  }
  if (!faults.empty()) throw InputError(fmt::format("{}", fmt::join(faults, "\n")));
  return scenarios;
}

std::vector<PreparedRun> prepare_all(const CompareOptions& options, const Variants& variants) {
  std::vector<PreparedRun> runs;
  std::string last_described;
  for (scenarios::Scenario& scenario : load_all(options, variants)) {
    runs.push_back(prepare(std::move(scenario), options.run.verify));
    const std::string& description = runs.back().workload.source.description;
    if (description != last_described) log_workload(runs.back().workload);
    last_described = description;
  }
  return runs;
}

std::vector<analysis::Comparison> comparisons_with_first(const std::vector<PreparedRun>& runs,
                                                         const std::vector<FinishedRun>& finished) {
  const scenarios::Scenario& first = runs.front().scenario;
  std::vector<analysis::Comparison> comparisons(1);  // nobody asks for the first with itself
  for (std::size_t i = 1; i < finished.size(); ++i) {
    comparisons.push_back(analysis::compare(finished.front().requests, finished[i].requests,
                                            first.warmup, first.seed));
    if (!comparisons.back().paired) {
      spdlog::warn("the variants do not serve the same requests: no speed-ups");
    }
  }
  return comparisons;
}

nlohmann::ordered_json compare_json(const Variants& variants, const std::vector<PreparedRun>& runs,
                                    const std::vector<FinishedRun>& finished,
                                    const std::vector<analysis::Comparison>& comparisons) {
  nlohmann::ordered_json json{{"vary", variants.key},
                              {"variants", nlohmann::ordered_json::array()}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    nlohmann::ordered_json variant{{"value", variants.values[i]}};
    variant["summary"] = summary_json(runs[i], finished[i]);
    if (i > 0) variant["speedup"] = analysis::to_json(comparisons[i]);
    json["variants"].push_back(std::move(variant));
  }
  return json;
}

std::vector<std::string> folder_prefixes(const Variants& variants) {
  std::vector<std::string> prefixes;
  for (std::size_t i = 0; i < variants.values.size(); ++i)
    prefixes.push_back(folder_name(i, variants.values[i]) + "/");
  return prefixes;
}

}  // namespace

int compare(const CompareOptions& options) {
  const Variants variants = parse_variants(options.vary);
  std::vector<PreparedRun> runs;
  std::optional<OutputFolder> folder;
  if (!options.run.output_folder.empty())
    folder.emplace(options.run.output_folder, options.run.existing);
  runs = prepare_all(options, variants);
  const std::vector<std::string> prefixes = folder_prefixes(variants);
  std::optional<RequestFiles> request_files;
  if (folder) request_files.emplace(*folder, prefixes);
  const std::vector<FinishedRun> finished =
      execute(runs, request_files ? request_files->sinks() : std::vector<ResultSink*>{});
  const std::vector<analysis::Comparison> comparisons = comparisons_with_first(runs, finished);
  const auto json = compare_json(variants, runs, finished, comparisons);

  if (folder) {
    request_files->finish();
    folder->write("compare.json", json_text(json));
    for (std::size_t i = 0; i < runs.size(); ++i)
      write_run(*folder, prefixes[i], runs[i], finished[i]);
    folder->commit();
  }
  if (options.run.format == Format::json) {
    fmt::print("{}", json_text(json));
    return kSuccess;
  }
  std::vector<ReportColumn> columns;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    columns.push_back(
        {variants.values[i], &runs[i], &finished[i], i == 0 ? nullptr : &comparisons[i]});
  }
  fmt::print("{}", report_text(columns));
  return kSuccess;
}

}  // namespace kvferry::cli
