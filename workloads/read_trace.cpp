#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/azure_rows.hpp"
#include "workloads/burstgpt_rows.hpp"
#include "workloads/mooncake_rows.hpp"
#include "workloads/plain_rows.hpp"
#include "workloads/qwen_rows.hpp"
#include "workloads/read_servegen.hpp"
#include "workloads/read_weka.hpp"
#include "workloads/row_loop.hpp"
#include "workloads/row_selection.hpp"
#include "workloads/trace.hpp"
#include "workloads/vidur_rows.hpp"

#include <memory>

namespace kvferry::workloads {
namespace {

// Start and duration must both fit the 292 years of 64-bit nanoseconds.
constexpr double kLongestSeconds = 4e9;

[[noreturn]] void refuse_option(const std::string& rule, const std::string& found) {
  throw InputError("trace options: " + rule + ", found " + found);
}

// Any number at all, NaN too, which to_text has no words for.
std::string in_seconds(Seconds time) {
  return shortest_decimal(time.value) + " s";
}

void check_times(const TraceOptions& options, TraceFormat format) {
  const auto is_between = [](double value, double low, double high) {
    return value >= low && value <= high;  // false for NaN
  };
  if (!is_between(options.start.value, 0, kLongestSeconds)) {
    refuse_option("start must be from 0 to 4e9 s", in_seconds(options.start));
  }
  if (options.duration &&
      !(options.duration->value > 0 && is_between(options.duration->value, 0, kLongestSeconds))) {
    refuse_option("duration must be above 0 and at most 4e9 s", in_seconds(*options.duration));
  }
  if (!is_between(options.time_scale, 1e-6, 1e6)) {
    refuse_option("time_scale must be from 1e-6 to 1e6", shortest_decimal(options.time_scale));
  }
  if (format == TraceFormat::weka && (options.start.value > 0 || options.duration)) {
    refuse_option("a window (start, duration) needs dates, which weka conversations do not have",
                  "one");
  }
  if (!options.time_unit) return;
  if (format != TraceFormat::mooncake) {
    refuse_option("time_unit applies to the timestamps of mooncake, not to those of " +
                      std::string(name_of(format)),
                  in_seconds(*options.time_unit));
  }
  if (!(options.time_unit->value > 0 && is_between(options.time_unit->value, 0, kLongestSeconds))) {
    refuse_option("time_unit must be above 0", in_seconds(*options.time_unit));
  }
}

void check_sessions(const TraceOptions& options) {
  if (options.idle_gap_cap && !(options.idle_gap_cap->value >= 0)) {
    refuse_option("idle_gap_cap must be at least 0", in_seconds(*options.idle_gap_cap));
  }
  if (options.ignore_delays && options.replay == Replay::open) {
    refuse_option("ignore_delays is about turns that wait, and with replay: open none does",
                  "both");
  }
}

void check_counts(const TraceOptions& options) {
  if (options.block_tokens < 1 || options.block_tokens > kMostTokens) {
    refuse_option("block_tokens must be from 1 to " + std::to_string(kMostTokens),
                  std::to_string(options.block_tokens));
  }
  if (options.max_requests && *options.max_requests < 1) {
    refuse_option("max_requests must be at least 1", std::to_string(*options.max_requests));
  }
  if (options.rate && !(options.rate->value > 0 && options.rate->value <= 1e9)) {
    refuse_option("rate must be above 0 and at most 1e9 /s", to_text(*options.rate));
  }
  if (options.max_context_tokens && *options.max_context_tokens < 2) {
    refuse_option("max_context_tokens must be at least 2",
                  std::to_string(*options.max_context_tokens));
  }
}

std::unique_ptr<TraceRows> make_trace_rows(TraceFormat format, TextFile& file,
                                           const TraceOptions& options, TraceAccount& account) {
  switch (format) {
    case TraceFormat::mooncake:
      return std::make_unique<MooncakeRows>(file, options, account);
    case TraceFormat::azure:
      return std::make_unique<AzureRows>(file, options);
    case TraceFormat::burstgpt:
      return std::make_unique<BurstGptRows>(file, options);
    case TraceFormat::csv:
      return std::make_unique<PlainRows>(file, options);
    case TraceFormat::vidur:
      return std::make_unique<VidurRows>(file, options);
    case TraceFormat::qwen:
      return std::make_unique<QwenRows>(file, options);
    case TraceFormat::weka:
    case TraceFormat::servegen:
      break;  // not files of rows
  }
  refuse_option("the format must be one of those that trace.hpp names", "another one");
}

void require_requests(const TraceAccount& account, const std::string& path) {
  if (account.emitted > 0) return;
  if (account.rows_read == 0) throw InputError(path + ": error: the file has no rows");
  std::string reasons;
  for (const auto& [reason, rows] : account.dropped) {
    reasons += (reasons.empty() ? "" : ", ") + reason + " " + std::to_string(rows);
  }
  throw InputError(path + ": error: no request is left of " + std::to_string(account.rows_read) +
                   " rows; dropped: " + reasons);
}

void read_rows(const TraceOptions& options, Trace& trace) {
  TextFile file(trace.path);
  const auto rows = make_trace_rows(trace.format, file, options, trace.account);
  RowSelection selection(options, rows->time_origin(), trace);
  FaultLedger ledger(options.on_bad_row, trace.account);
  for_each_row(file, ledger, trace.account, [&](std::string_view line) {
    selection.take(rows->parse(line));
    return selection.is_full() ? RowLoop::stop : RowLoop::go_on;
  });
  rows->check_whole_file();
  ledger.settle(trace.path);
  selection.finish();
  if (selection.is_full() && !file.at_end()) trace.account.truncated = true;
  trace.file_bytes = file.bytes_read();
  trace.fingerprint = file.fingerprint();
  trace.block_tokens = rows->block_tokens();
}

}  // namespace

TraceOptions default_options(TraceFormat format) {
  TraceOptions options;
  if (format == TraceFormat::burstgpt) options.on_zero_output = OnZeroOutput::drop;
  if (format == TraceFormat::qwen) options.block_tokens = 16;
  if (format == TraceFormat::weka) {
    options.on_zero_output = OnZeroOutput::prefill_only;
    options.replay = Replay::closed;
  }
  return options;
}

Trace read_trace(const std::string& path, TraceFormat format, const TraceOptions& options,
                 std::uint64_t seed) {
  check_times(options, format);
  check_counts(options);
  check_sessions(options);
  Trace trace;
  trace.path = path;
  trace.format = format;
  if (format == TraceFormat::weka) {
    read_weka(options, trace);
  } else if (format == TraceFormat::servegen) {
    read_servegen(options, seed, trace);
  } else {
    read_rows(options, trace);
  }
  require_requests(trace.account, path);
  return trace;
}

}  // namespace kvferry::workloads
