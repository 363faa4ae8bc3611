#include "cli/accuracy_text.hpp"

#include "cli/text_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <utility>
#include <vector>

namespace kvferry::cli {
namespace {

using analysis::ErrorFigures;
using Json = nlohmann::ordered_json;

constexpr std::size_t kKeyParts = 5;
constexpr std::size_t kWorstRows = 10;

std::string percent(double share) {
  return fmt::format("{:.1f}", 100 * share);
}

std::string signed_percent(double share) {
  return fmt::format("{:+.1f}", 100 * share);
}

void add_group(TextTable& table, std::vector<std::string> cells, const AccuracyGroup& group) {
  cells.resize(kKeyParts);
  cells.push_back(std::to_string(group.tpot.count));
  for (const ErrorFigures* figures : {&group.tpot, &group.ttft}) {
    cells.push_back(percent(figures->mean));
    cells.push_back(percent(figures->median));
    cells.push_back(percent(figures->p90));
    cells.push_back(signed_percent(figures->bias));
  }
  table.add(std::move(cells));
}

std::string groups_text(const std::vector<ReplayedRow>& rows) {
  TextTable table({"stack", "GPU", "model", "weights", "TP", "rows", "TPOT", "p50", "p90", "bias",
                   "TTFT", "p50", "p90", "bias"},
                  {Align::left, Align::left, Align::left, Align::left, Align::right});
  for (const AccuracyGroup& group : groups_of(rows, kKeyParts)) add_group(table, group.key, group);
  table.add_gap();
  for (const AccuracyGroup& group : groups_of(rows, 1)) add_group(table, group.key, group);
  for (const AccuracyGroup& group : groups_of(rows, 0)) add_group(table, {"all"}, group);
  return "Error of the simulated mean over the measured requests, in % of the measured mean:\n"
         "mean, median and 90th percentile of the magnitudes over the rows, and mean with "
         "sign\n\n" +
         table.text();
}

std::string worst_text(const std::vector<ReplayedRow>& rows) {
  TextTable table({"line", "stack", "GPU", "model", "weights", "TP", "isl", "osl", "concurrency",
                   "TPOT ms", "simulated", "error %", "TTFT ms", "simulated", "error %"},
                  {Align::right, Align::left, Align::left, Align::left, Align::left, Align::right});
  for (const ReplayedRow* row : worst_of(rows, kWorstRows)) {
    const Measurement& measured = row->measured;
    table.add({std::to_string(measured.line), row->system.stack, row->system.gpu, row->system.model,
               row->system.weights, std::to_string(measured.tensor_parallel),
               std::to_string(measured.input_tokens), std::to_string(measured.output_tokens),
               std::to_string(measured.concurrency.value()),
               fmt::format("{:.2f}", measured.tpot_ms), fmt::format("{:.2f}", row->tpot_ms),
               signed_percent(row->tpot_error()), fmt::format("{:.1f}", measured.ttft_ms),
               fmt::format("{:.1f}", row->ttft_ms), signed_percent(row->ttft_error())});
  }
  return "Rows with the largest TPOT error\n\n" + table.text();
}

std::string exclusions_text(const std::vector<ExcludedRow>& rows) {
  TextTable table({"rows", "reason"}, {Align::right, Align::left});
  for (const auto& [reason, count] : exclusions_of(rows))
    table.add({std::to_string(count), reason});
  return "Rows left out\n\n" + table.text();
}

Json to_json(const ErrorFigures& figures) {
  return {{"mean", figures.mean},
          {"p50", figures.median},
          {"p90", figures.p90},
          {"bias", figures.bias}};
}

Json groups_json(const std::vector<ReplayedRow>& rows, std::size_t key_parts) {
  const std::vector<std::string> names{"stack", "gpu", "model", "weights", "tensor_parallel"};
  Json json = Json::array();
  for (const AccuracyGroup& group : groups_of(rows, key_parts)) {
    Json entry = Json::object();
    for (std::size_t i = 0; i < group.key.size(); ++i) entry[names[i]] = group.key[i];
    entry["rows"] = group.tpot.count;
    entry["tpot_error"] = to_json(group.tpot);
    entry["ttft_error"] = to_json(group.ttft);
    json.push_back(std::move(entry));
  }
  return json;
}

Json to_json(const ReplayedRow& row) {
  const Measurement& measured = row.measured;
  return {{"line", measured.line},
          {"stack", row.system.stack},
          {"gpu", row.system.gpu},
          {"model", row.system.model},
          {"weights", row.system.weights},
          {"tensor_parallel", measured.tensor_parallel},
          {"isl", measured.input_tokens},
          {"osl", measured.output_tokens},
          {"concurrency", measured.concurrency.value()},
          {"measured_tpot_ms", measured.tpot_ms},
          {"simulated_tpot_ms", row.tpot_ms},
          {"tpot_error", row.tpot_error()},
          {"measured_ttft_ms", measured.ttft_ms},
          {"simulated_ttft_ms", row.ttft_ms},
          {"ttft_error", row.ttft_error()},
          {"preemptions", row.preemptions}};
}

std::string csv_line(const Measurement& measured, const std::string& figures) {
  const std::string concurrency = measured.concurrency ? std::to_string(*measured.concurrency) : "";
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", measured.line, measured.backend,
                     measured.gpu, measured.model, measured.precision, measured.tensor_parallel,
                     measured.input_tokens, measured.output_tokens, concurrency, measured.tpot_ms,
                     measured.ttft_ms, figures);
}

}  // namespace

std::string accuracy_text(const Accuracy& accuracy) {
  const std::size_t rows = accuracy.replayed.size() + accuracy.excluded.size();
  std::string text = fmt::format("{} rows: {} replayed, {} left out\n", rows,
                                 accuracy.replayed.size(), accuracy.excluded.size());
  if (!accuracy.replayed.empty())
    text += "\n" + groups_text(accuracy.replayed) + "\n" + worst_text(accuracy.replayed);
  if (!accuracy.excluded.empty()) text += "\n" + exclusions_text(accuracy.excluded);
  return text;
}

Json accuracy_json(const Accuracy& accuracy) {
  Json json;
  json["version"] = KVFERRY_VERSION;
  json["replayed"] = accuracy.replayed.size();
  json["excluded"] = accuracy.excluded.size();
  json["exclusions"] = Json::array();
  for (const auto& [reason, rows] : exclusions_of(accuracy.excluded))
    json["exclusions"].push_back({{"reason", reason}, {"rows", rows}});
  json["groups"] = groups_json(accuracy.replayed, kKeyParts);
  json["stacks"] = groups_json(accuracy.replayed, 1);
  json["all"] = groups_json(accuracy.replayed, 0);
  json["rows"] = Json::array();
  for (const ReplayedRow& row : accuracy.replayed) json["rows"].push_back(to_json(row));
  return json;
}

std::string accuracy_csv(const Accuracy& accuracy) {
  std::map<std::int64_t, std::string> lines;
  for (const ReplayedRow& row : accuracy.replayed) {
    lines[row.measured.line] = csv_line(
        row.measured, fmt::format("{},{:.4f},{:.4f},{:.5f},{:.5f},", row.system.stack, row.tpot_ms,
                                  row.ttft_ms, row.tpot_error(), row.ttft_error()));
  }
  for (const ExcludedRow& row : accuracy.excluded)
    lines[row.measured.line] = csv_line(row.measured, ",,,,," + row.reason);
  std::string text =
      "line,backend,system,model_path,precision,tp_size,isl,osl,concurrency,measured_tpot_ms,"
      "measured_ttft_ms,stack,simulated_tpot_ms,simulated_ttft_ms,tpot_error,ttft_error,excluded\n";
  for (const auto& [line, content] : lines) text += content;
  return text;
}

}  // namespace kvferry::cli
