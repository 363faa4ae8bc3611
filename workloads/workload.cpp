#include "workloads/workload.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/session_schedule.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::workloads {
namespace {

std::string hexadecimal(std::uint64_t word) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 0xf];
  return text;
}

std::string describe(const SourceFile& file) {
  return file.format + " file '" + file.path + "', " + std::to_string(file.account.emitted) +
         " of " + std::to_string(file.account.rows_read) + " rows, fingerprint " +
         hexadecimal(file.fingerprint);
}

// What the replay changed about the trace.
std::string describe_changes(const TraceSpec& spec) {
  std::string text;
  if (spec.options.time_scale != 1) {
    text += ", replayed " + shortest_decimal(spec.options.time_scale) + " times as fast";
  }
  if (spec.starts) text += ", started anew: " + workloads::describe(*spec.starts);
  return text;
}

std::string describe_sessions(const TraceAccount& account, Replay replay) {
  if (account.sessions == 0) return {};
  return ", " + std::to_string(account.sessions) + " sessions, " + std::string(name_of(replay)) +
         " replay";
}

void start_anew(std::vector<Request>& requests, const ArrivalSpec& starts, std::uint64_t seed) {
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
  Trace trace = read_trace(spec.path, spec.format, spec.options, seed);
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
      describe_changes(spec);
  return workload;
}

// How many of the arrivals, which are in order, take place before the end.
std::size_t arrivals_before_end(const std::vector<Seconds>& arrivals,
                                const std::optional<Seconds>& duration) {
  if (!duration) return arrivals.size();
  if (!(duration->value > 0)) {
    throw InputError("workload: the duration must be above zero, found " +
                     shortest_decimal(duration->value) + " s");
  }
  const auto end = std::lower_bound(arrivals.begin(), arrivals.end(), *duration);
  if (end == arrivals.begin()) {
    throw InputError("workload: no request arrives within the duration of " + to_text(*duration));
  }
  return static_cast<std::size_t>(end - arrivals.begin());
}

// What had to be changed about sampled lengths; nothing for a limit that nobody met.
std::string describe_changes(const SampledLengths& lengths) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += ", " + std::to_string(count) + " " + what;
  };
  add(lengths.cut_inputs, "inputs cut to the limit");
  add(lengths.cut_outputs, "outputs cut to the limit");
  add(lengths.raised_inputs, "inputs raised to 1 token");
  add(lengths.raised_outputs, "outputs raised to 1 token");
  return text;
}

// Draws the lengths and notes in the source where they are from.
struct SampleLengths {
  const SyntheticSpec& spec;
  std::uint64_t seed;
  WorkloadSource& source;

  SampledLengths operator()(const IndependentLengths& lengths) const {
    source.description += "; lengths: " + workloads::describe(lengths);
    return sample_lengths(lengths, spec.limits, spec.requests, seed);
  }
  SampledLengths operator()(const EmpiricalLengths& lengths) const {
    LengthTable table = read_length_table(lengths.path, lengths.on_bad_row);
    SampledLengths sampled = sample_lengths(table, spec.limits, spec.requests, seed);
    source.file = SourceFile{std::move(table.path), "length-table", table.file_bytes,
                             table.fingerprint, std::move(table.account)};
    source.description += "; lengths: " + describe(*source.file);
    return sampled;
  }
};

Workload workload_from(const SyntheticSpec& spec, std::uint64_t seed) {
  Workload workload;
  workload.source.kind = WorkloadKind::synthetic;
  workload.source.description = "arrivals: " + workloads::describe(spec.arrivals);
  const std::vector<Seconds> arrivals = generate_arrivals(spec.arrivals, spec.requests, seed);
  const SampledLengths lengths =
      std::visit(SampleLengths{spec, seed, workload.source}, spec.lengths);
  workload.source.description += describe_changes(lengths);
  const std::size_t count = arrivals_before_end(arrivals, spec.duration);
  for (std::size_t i = 0; i < count; ++i) {
    workload.requests.push_back({static_cast<std::int64_t>(i),
                                 arrivals[i],
                                 lengths.pairs[i].input_tokens,
                                 lengths.pairs[i].output_tokens,
                                 {}});
  }
  workload.source.cut_inputs = lengths.cut_inputs;
  workload.source.cut_outputs = lengths.cut_outputs;
  workload.source.raised_inputs = lengths.raised_inputs;
  workload.source.raised_outputs = lengths.raised_outputs;
  return workload;
}

void check_concurrency(const std::optional<std::int64_t>& max_concurrency) {
  if (!max_concurrency || *max_concurrency >= 1) return;
  throw InputError("workload: max_concurrency must be at least 1, found " +
                   std::to_string(*max_concurrency));
}

}  // namespace

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
