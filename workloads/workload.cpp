#include "workloads/workload.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/client_loops.hpp"
#include "workloads/session_schedule.hpp"
#include "workloads/synthetic_workload.hpp"

#include <utility>

namespace kvferry::workloads {
namespace {

std::string hexadecimal(std::uint64_t word) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 0xf];
  return text;
}

// What the replay changed about the trace.
std::string describe_changes(const TraceSpec& spec, const TraceChanges& changes) {
  std::string text;
  if (spec.options.time_scale != 1) {
    text += ", replayed " + shortest_decimal(spec.options.time_scale) + " times as fast";
  }
  text += describe(changes);
  if (spec.starts) text += ", started anew: " + workloads::describe(*spec.starts);
  return text;
}

std::string describe_sessions(const TraceAccount& account, Replay replay) {
  if (account.sessions == 0) return {};
  return ", " + std::to_string(account.sessions) + " sessions, " + std::string(name_of(replay)) +
         " replay";
}

void start_anew(std::vector<Request>& requests, const ArrivalSpec& starts, std::uint64_t seed) {
  if (has_waiting_users(starts)) {
    throw InputError(
        "workload: sessions of a trace cannot start when users' answers have ended; "
        "max_concurrency "
        "bounds how many are in flight");
  }
  const auto count = static_cast<std::size_t>(count_starts(requests));
  const std::vector<Seconds> dates =
      generate_arrivals(starts, static_cast<std::int64_t>(count), seed);
  if (dates.size() < count) {
    throw InputError("workload: the trace has " + std::to_string(count) +
                     " conversations, but the arrivals of sessions end after " +
                     std::to_string(dates.size()));
  }
  start_sessions(requests, dates);
}

Workload workload_from(const TraceSpec& spec, std::uint64_t seed) {
  TraceOptions options = spec.options;
  TraceChanges changes = spec.changes;
  if (changes.dequantize) {
    options.expects_equal_dates = true;
    changes.dequantize->interval = changes.dequantize->interval * (1 / options.time_scale);
  }
  Trace trace = read_trace(spec.path, spec.format, options, seed);
  change_trace(trace.requests, changes, seed);
  if (spec.starts) start_anew(trace.requests, *spec.starts, seed);
  Workload workload;
  workload.requests = std::move(trace.requests);
  workload.block_tokens = trace.block_tokens;
  workload.source.kind = WorkloadKind::trace;
  workload.source.file = SourceFile{std::move(trace.path), std::string(name_of(trace.format)),
                                    trace.file_bytes, trace.fingerprint, std::move(trace.account)};
  workload.source.description = describe(*workload.source.file);
  workload.source.description +=
      describe_sessions(workload.source.file->account, spec.options.replay) +
      describe_changes(spec, changes);
  return workload;
}

Workload workload_from(const SyntheticSpec& spec, std::uint64_t seed) {
  return synthetic_workload(spec, seed);
}

void check_concurrency(const std::optional<std::int64_t>& max_concurrency) {
  if (!max_concurrency || *max_concurrency >= 1) return;
  throw InputError("workload: max_concurrency must be at least 1, found " +
                   std::to_string(*max_concurrency));
}

}  // namespace

std::string describe(const SourceFile& file) {
  return file.format + " file '" + file.path + "', " + std::to_string(file.account.emitted) +
         " of " + std::to_string(file.account.rows_read) + " rows, fingerprint " +
         hexadecimal(file.fingerprint);
}

Workload make_workload(const WorkloadSpec& spec, std::uint64_t seed) {
  return std::visit(
      [&](const auto& kind) {
        check_concurrency(kind.max_concurrency);
        Workload workload = workload_from(kind, seed);
        workload.max_concurrency = kind.max_concurrency;
        return workload;
      },
      spec);
}

}  // namespace kvferry::workloads
