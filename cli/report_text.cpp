#include "cli/report_text.hpp"

#include "cli/provenance.hpp"
#include "cli/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace kvferry::cli {
namespace {

using analysis::Comparison;
using analysis::Distribution;
using analysis::RunSummary;
using analysis::Speedup;

constexpr const char* kNoFigure = "-";

std::string milliseconds(double value) {
  if (value >= 10'000) return fmt::format("{:.2f} s", value / 1000);
  return value >= 100 ? fmt::format("{:.1f} ms", value) : fmt::format("{:.2f} ms", value);
}

std::string figure(const std::optional<Distribution>& figures, double Distribution::*member) {
  return figures ? milliseconds(*figures.*member) : kNoFigure;
}

std::string gigabytes(Bytes size) {
  return fmt::format("{:.2f} GB", static_cast<double>(size.value) / 1e9);
}

std::string speedup_text(const std::optional<Speedup>& speedup) {
  if (!speedup) return "";
  if (!speedup->interval) return fmt::format("{:.3f}x", speedup->value);
  return fmt::format("{:.3f}x [{:.3f}, {:.3f}]", speedup->value, speedup->interval->low,
                     speedup->interval->high);
}

using CellOf = std::function<std::string(const RunSummary&)>;
using SpeedupOf = std::optional<Speedup> Comparison::*;

class ReportTable {
 public:
  explicit ReportTable(const std::vector<ReportColumn>& columns)
      : columns_(columns), table_(header(columns), {Align::left, Align::right}) {}

  void row(const std::string& name, const CellOf& cell, SpeedupOf speedup = nullptr) {
    std::vector<std::string> cells{name};
    for (const ReportColumn& column : columns_) {
      cells.push_back(cell(column.finished->summary));
      if (column.comparison == nullptr) continue;
      cells.push_back(speedup == nullptr ? "" : speedup_text(column.comparison->*speedup));
    }
    table_.add(std::move(cells));
  }
  void gap() { table_.add_gap(); }
  bool any(const std::function<bool(const RunSummary&)>& holds) const {
    return std::ranges::any_of(
        columns_, [&](const ReportColumn& column) { return holds(column.finished->summary); });
  }
  std::string text() const { return table_.text(); }

 private:
  static std::vector<std::string> header(const std::vector<ReportColumn>& columns) {
    std::vector<std::string> cells{""};
    for (const ReportColumn& column : columns) {
      cells.push_back(column.label);
      if (column.comparison != nullptr) cells.emplace_back("speed-up [95 %]");
    }
    return cells;
  }

  const std::vector<ReportColumn>& columns_;
  TextTable table_;
};

void add_latency_rows(ReportTable& table) {
  const auto row = [&](const char* name,
                       std::optional<Distribution> analysis::LatencyFigures::*figures,
                       double Distribution::*statistic, SpeedupOf speedup = nullptr) {
    table.row(
        name, [=](const RunSummary& s) { return figure(s.latency.*figures, statistic); }, speedup);
  };
  using analysis::LatencyFigures;
  row("TTFT mean", &LatencyFigures::ttft_ms, &Distribution::mean, &Comparison::ttft_mean);
  row("  p50", &LatencyFigures::ttft_ms, &Distribution::median, &Comparison::ttft_p50);
  row("  p99", &LatencyFigures::ttft_ms, &Distribution::p99, &Comparison::ttft_p99);
  if (table.any([](const RunSummary& s) { return s.latency.ttft_from_schedule_ms.has_value(); }))
    row("TTFT from schedule", &LatencyFigures::ttft_from_schedule_ms, &Distribution::mean);
  row("TPOT mean", &LatencyFigures::tpot_ms, &Distribution::mean, &Comparison::tpot_mean);
  row("  p99", &LatencyFigures::tpot_ms, &Distribution::p99);
}

void add_throughput_rows(ReportTable& table) {
  table.row(
      "request throughput",
      [](const RunSummary& s) { return fmt::format("{:.3f} /s", s.request_throughput); },
      &Comparison::request_throughput);
  table.row("goodput",
            [](const RunSummary& s) { return fmt::format("{:.3f} /s", s.request_goodput); });
  table.row("SLO attainment",
            [](const RunSummary& s) { return fmt::format("{:.1f} %", 100 * s.slo_attainment); });
}

// A part of TTFT, the mean over the requests that had it; no row where none had.
void add_stage_row(ReportTable& table, const char* name,
                   std::optional<Distribution> analysis::StageFigures::*figures,
                   SpeedupOf speedup = nullptr) {
  if (!table.any([=](const RunSummary& s) { return (s.stages.*figures).has_value(); })) return;
  table.row(
      name, [=](const RunSummary& s) { return figure(s.stages.*figures, &Distribution::mean); },
      speedup);
}

// In order of time.
void add_stage_rows(ReportTable& table) {
  using analysis::StageFigures;
  add_stage_row(table, "wait at the client", &StageFigures::client_queue);
  add_stage_row(table, "wait for prefill", &StageFigures::queue);
  add_stage_row(table, "prefill", &StageFigures::prefill);
  add_stage_row(table, "wait for decode room", &StageFigures::admission_wait);
  add_stage_row(table, "transfer", &StageFigures::transfer, &Comparison::transfer_mean);
  if (table.any([](const RunSummary& s) {
        return s.stages.hidden_transfer && s.stages.hidden_transfer->mean > 0;
      }))
    add_stage_row(table, "  during prefill", &StageFigures::hidden_transfer);
  add_stage_row(table, "  encode", &StageFigures::encode);
  add_stage_row(table, "  network", &StageFigures::network);
  add_stage_row(table, "  decode", &StageFigures::decode_codec);
}

void add_byte_rows(ReportTable& table) {
  if (!table.any([](const RunSummary& s) { return s.kv_raw.value > 0; })) return;
  table.gap();
  table.row("wire bytes", [](const RunSummary& s) { return gigabytes(s.kv_wire); });
  table.row("KV raw / wire", [](const RunSummary& s) {
    return s.kv_wire.value > 0 ? fmt::format("{:.4f}", s.compression_ratio) : kNoFigure;
  });
}

// Which of the hand-offs an adaptive codec took, and what descriptors cost beside bytes.
void add_handoff_rows(ReportTable& table) {
  using Totals = SimulationTotals;
  const auto adapts = [](const RunSummary& s) {
    return s.totals.compressed_handoffs > 0 && s.totals.compressed_handoffs < s.totals.handoffs;
  };
  if (table.any(adapts)) {
    table.row("hand-offs compressed", [](const RunSummary& s) {
      return fmt::format("{} of {}", s.totals.compressed_handoffs, s.totals.handoffs);
    });
  }
  if (!table.any([](const RunSummary& s) { return s.totals.saved_by_descriptors.value > 0; }))
    return;
  const auto row = [&](const char* name, Seconds Totals::*sum) {
    table.row(name, [=](const RunSummary& s) {
      const auto compressed = static_cast<double>(s.totals.compressed_handoffs);
      return compressed > 0 ? milliseconds(1e3 * (s.totals.*sum).value / compressed) : kNoFigure;
    });
  };
  row("wire time saved by bytes", &Totals::saved_by_bytes);
  row("  by descriptors", &Totals::saved_by_descriptors);
}

// No row where nothing is to be counted.
void add_count_row(ReportTable& table, const char* name, std::int64_t RunSummary::*count) {
  if (!table.any([=](const RunSummary& s) { return s.*count > 0; })) return;
  table.row(name, [=](const RunSummary& s) { return std::to_string(s.*count); });
}

void add_count_rows(ReportTable& table) {
  table.row("completed", [](const RunSummary& s) { return std::to_string(s.completed); });
  table.row("rejected", [](const RunSummary& s) { return std::to_string(s.rejected); });
  add_count_row(table, "failed", &RunSummary::failed);
  table.row("unfinished", [](const RunSummary& s) { return std::to_string(s.unfinished); });
  add_count_row(table, "preemptions", &RunSummary::preemptions);
  add_count_row(table, "flows sent again", &RunSummary::retries);
  add_count_row(table, "restarts", &RunSummary::restarts);
  if (table.any([](const RunSummary& s) { return s.cached_tokens > 0; })) {
    table.row("prompt tokens cached", [](const RunSummary& s) {
      return fmt::format("{:.1f} %", 100 * s.prefix_hit_rate());
    });
  }
}

std::string losses(const std::vector<ReportColumn>& columns) {
  std::string text;
  for (const ReportColumn& column : columns) {
    for (const auto& [reason, count] : column.finished->summary.rejected_by_reason) {
      text += fmt::format("rejected in {}: {} ({})\n", column.label, count, reason);
    }
    for (const auto& [reason, count] : column.finished->summary.failed_by_reason) {
      text += fmt::format("failed in {}: {} ({})\n", column.label, count, reason);
    }
  }
  return text;
}

// What a codec on a device did, and where it had to depart from one launch a chunk.
std::string live_account(const std::vector<ReportColumn>& columns) {
  std::string text;
  for (const ReportColumn& column : columns) {
    const LiveCodecAccount& live = column.finished->summary.totals.live_codec;
    if (live.handoffs == 0) continue;
    text +=
        fmt::format("live codec of {}: {} hand-offs in {} chunks, {} of them verified bit by bit\n",
                    column.label, live.handoffs, live.chunks, live.verified_handoffs);
    if (live.split_chunks > 0) {
      text += fmt::format("live codec of {}: {} chunks split, the device's memory was short\n",
                          column.label, live.split_chunks);
    }
  }
  return text;
}

// Links that were used for more than half of what they could carry, the busiest first.
std::string busiest_links(const std::vector<ReportColumn>& columns) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (const ReportColumn& column : columns) {
    auto links = column.finished->summary.utilization.links;
    std::erase_if(links, [](const auto& link) { return link.second <= 0.5; });
    if (links.empty()) continue;
    std::ranges::stable_sort(links, std::greater{}, [](const auto& link) { return link.second; });
    std::string shown;
    for (std::size_t i = 0; i < std::min(links.size(), kShown); ++i)
      shown += fmt::format(", {} {:.0f} %", links[i].first, 100 * links[i].second);
    if (links.size() > kShown) shown += fmt::format(", {} more above 50 %", links.size() - kShown);
    text += fmt::format("busiest links of {}: {}\n", column.label, shown.substr(2));
  }
  return text;
}

// What the speed-ups compare, where it is not simply every request.
std::string pairing(const std::vector<ReportColumn>& columns) {
  std::string text;
  for (const ReportColumn& column : columns) {
    if (column.comparison == nullptr) continue;
    if (!column.comparison->paired) {
      text += fmt::format("{} serves other requests than {}: no speed-ups\n", column.label,
                          columns.front().label);
    } else if (column.comparison->pairs != column.finished->summary.requests) {
      text +=
          fmt::format("speed-ups of {}: over {} of {} requests, those that finished in both {}\n",
                      column.label, column.comparison->pairs, column.finished->summary.requests,
                      "and arrived after the warm-up");
    }
  }
  return text;
}

// Lines that are the same for all variants appear once.
std::string sources(const std::vector<ReportColumn>& columns) {
  std::string text = "Where the figures come from\n";
  const auto first = provenance_of(*columns.front().run);
  for (std::size_t i = 0; i < first.size(); ++i) {
    std::string previous;
    for (const ReportColumn& column : columns) {
      const ProvenanceLine line = provenance_of(*column.run)[i];
      const std::string body = fmt::format("[{}] {}", line.kind, line.source);
      if (body == previous) continue;
      const std::string who =
          columns.size() > 1 && &column != &columns.front() ? column.label + ": " : "";
      text += fmt::format("  {:<15} {}{}\n", previous.empty() ? line.what : "", who, body);
      previous = body;
    }
  }
  return text;
}

// How closely hand-offs were followed, said once where it is the same for all variants.
std::string fidelities(const std::vector<ReportColumn>& columns) {
  std::string text;
  std::string previous;
  for (const ReportColumn& column : columns) {
    const bool is_fluid = column.finished->summary.totals.fidelity == HandoffFidelity::fluid;
    const std::string body = is_fluid ? "[fluid] one flow per lane, its chunks worked out"
                                      : "[chunks] every chunk of a lane is a flow";
    if (body == previous) continue;
    text += fmt::format("  {:<15} {}{}\n", previous.empty() ? "hand-offs" : "",
                        previous.empty() ? "" : column.label + ": ", body);
    previous = body;
  }
  return text;
}

std::string headline(const std::vector<ReportColumn>& columns) {
  const ReportColumn& first = columns.front();
  return fmt::format("{}: {} requests over {:.1f} s, seed {}\n\n", first.run->scenario.name,
                     first.finished->summary.requests, first.finished->summary.duration_s,
                     first.run->scenario.seed);
}

}  // namespace

std::string report_text(const std::vector<ReportColumn>& columns) {
  ReportTable table(columns);
  add_latency_rows(table);
  table.gap();
  add_throughput_rows(table);
  table.gap();
  add_stage_rows(table);
  add_byte_rows(table);
  add_handoff_rows(table);
  table.gap();
  add_count_rows(table);
  return headline(columns) + table.text() + losses(columns) + busiest_links(columns) +
         live_account(columns) + pairing(columns) + "\n" + sources(columns) + fidelities(columns);
}

}  // namespace kvferry::cli
