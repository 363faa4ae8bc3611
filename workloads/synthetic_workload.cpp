#include "workloads/synthetic_workload.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/client_loops.hpp"
#include "workloads/trace_row.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kvferry::workloads {
namespace {

// Combinations that would mean nothing.
void check_combination(const SyntheticSpec& spec) {
  if (spec.duration && !(spec.duration->value > 0)) {
    throw InputError("workload: the duration must be above zero, found " +
                     shortest_decimal(spec.duration->value) + " s");
  }
  if (std::holds_alternative<ClosedLoopArrivals>(spec.arrivals) && spec.duration) {
    throw InputError("workload: a closed loop has no dates of its own, so that a duration of " +
                     to_text(*spec.duration) + " cannot end it: say how many requests");
  }
  if (has_waiting_users(spec.arrivals) && spec.conversations.sessions) {
    throw InputError("workload: users who wait for their answers and sessions cannot be combined");
  }
}

// Leaves the arrivals, which are in order, that take place before the end.
void cut_at_end(std::vector<Seconds>& arrivals, const std::optional<Seconds>& duration) {
  if (duration) {
    arrivals.erase(std::lower_bound(arrivals.begin(), arrivals.end(), *duration), arrivals.end());
  }
  if (!arrivals.empty()) return;
  throw InputError("workload: no request arrives within " +
                   (duration ? "the duration of " + to_text(*duration) : "the phases"));
}

// What had to be changed about sampled lengths; nothing for a limit that nobody met.
std::string describe_changes(const SampledLengths& lengths, std::int64_t left_out) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += ", " + std::to_string(count) + " " + what;
  };
  add(lengths.cut_inputs, "inputs cut to the limit");
  add(lengths.cut_outputs, "outputs cut to the limit");
  add(lengths.raised_inputs, "inputs raised to 1 token");
  add(lengths.raised_outputs, "outputs raised to 1 token");
  add(left_out, "turns beyond the limit left out");
  return text;
}

// Draws the lengths and notes in the source where they are from.
struct SampleLengths {
  LengthLimits limits;
  std::int64_t count;
  std::uint64_t seed;
  WorkloadSource& source;

  SampledLengths operator()(const IndependentLengths& lengths) const {
    source.description += "; lengths: " + describe(lengths);
    return sample_lengths(lengths, limits, count, seed);
  }
  SampledLengths operator()(const PairMix& mix) const {
    source.description += "; lengths: " + describe(mix);
    return sample_lengths(mix, limits, count, seed);
  }
  SampledLengths operator()(const EmpiricalLengths& lengths) const {
    LengthTable table = read_length_table(lengths.path, lengths.on_bad_row);
    SampledLengths sampled = sample_lengths(table, limits, count, seed);
    source.file = SourceFile{std::move(table.path), "length-table", table.file_bytes,
                             table.fingerprint, std::move(table.account)};
    source.description += "; lengths: " + describe(*source.file);
    return sampled;
  }
};

void note(WorkloadSource& source, const SyntheticSpec& spec, const SampledLengths& lengths,
          std::int64_t left_out) {
  source.description += describe(spec.conversations) + describe_changes(lengths, left_out);
  source.cut_inputs = lengths.cut_inputs;
  source.cut_outputs = lengths.cut_outputs;
  source.raised_inputs = lengths.raised_inputs;
  source.raised_outputs = lengths.raised_outputs;
  source.left_out_turns = left_out;
}

}  // namespace

Workload synthetic_workload(const SyntheticSpec& spec, std::uint64_t seed) {
  check_combination(spec);
  check(spec.conversations);
  Workload workload;
  workload.source.kind = WorkloadKind::synthetic;
  workload.source.description = "arrivals: " + describe(spec.arrivals);
  std::vector<std::int64_t> turns = conversation_turns(spec.conversations, spec.requests, seed);
  std::vector<Seconds> starts =
      generate_arrivals(spec.arrivals, static_cast<std::int64_t>(turns.size()), seed);
  cut_at_end(starts, spec.duration);
  turns.resize(starts.size());
  const std::int64_t count = std::accumulate(turns.begin(), turns.end(), std::int64_t{0});
  const LengthLimits limits = limits_beside_prefix(spec.conversations, spec.limits);
  const SampledLengths lengths =
      std::visit(SampleLengths{limits, count, seed, workload.source}, spec.lengths);
  Conversations conversations =
      make_conversations(spec.conversations, starts, turns, lengths.pairs,
                         spec.limits.max_input_tokens.value_or(kMostTokens), seed);
  note(workload.source, spec, lengths, conversations.left_out);
  workload.requests = std::move(conversations.requests);
  tie_to_users(workload.requests, spec.arrivals, seed);
  const bool names_blocks = spec.conversations.prefixes || spec.conversations.sessions;
  if (names_blocks) workload.block_tokens = spec.conversations.block_tokens;
  return workload;
}

}  // namespace kvferry::workloads
