#include "scenarios/read_trace_options.hpp"

namespace kvferry::scenarios {
namespace {

using namespace workloads;  // NOLINT: this file turns YAML into that namespace's structs

const Choice<OnBadRow> kBadRows{"choice", {{"reject", OnBadRow::reject}, {"skip", OnBadRow::skip}}};
const Choice<OnUnsorted> kUnsorted{"choice",
                                   {{"reject", OnUnsorted::reject}, {"sort", OnUnsorted::sort}}};
const Choice<OnZeroOutput> kZeroOutput{"choice",
                                       {{"reject", OnZeroOutput::reject},
                                        {"drop", OnZeroOutput::drop},
                                        {"prefill-only", OnZeroOutput::prefill_only}}};
const Choice<OnOverContext> kOverContext{
    "choice", {{"drop", OnOverContext::drop}, {"reject", OnOverContext::reject}}};
const Choice<Replay> kReplays{
    "replay", {{"ordered", Replay::ordered}, {"closed", Replay::closed}, {"open", Replay::open}}};
const Choice<TurnInput> kTurnInputs{"choice",
                                    {{"full", TurnInput::full}, {"delta", TurnInput::delta}}};
const Choice<SubagentMarker> kMarkers{
    "choice", {{"completion", SubagentMarker::completion}, {"spawn", SubagentMarker::spawn}}};

bool has_hash_ids(TraceFormat format) {
  return format == TraceFormat::mooncake || format == TraceFormat::qwen;
}

bool has_sessions(TraceFormat format) {
  return format != TraceFormat::azure && format != TraceFormat::vidur &&
         format != TraceFormat::servegen;
}

// Conversations of agents have no dates, and what is drawn has neither faults nor an order.
void read_rows(SectionReader& trace, TraceFormat format, TraceOptions& options) {
  if (format != TraceFormat::servegen) {
    options.on_bad_row = trace.optional("on_bad_row", kBadRows, options.on_bad_row);
  }
  if (format == TraceFormat::weka) return;
  options.start = trace.optional("start", Time{Sign::not_negative}, options.start);
  options.duration = trace.maybe("duration", Time{});
  if (format == TraceFormat::servegen) return;
  options.on_unsorted = trace.optional("on_unsorted", kUnsorted, options.on_unsorted);
}

void read_sessions(SectionReader& trace, TraceOptions& options) {
  options.replay = trace.optional("replay", kReplays, options.replay);
  options.idle_gap_cap = trace.maybe("idle_gap_cap", Time{Sign::not_negative});
  options.ignore_delays = trace.optional("ignore_delays", Boolean{}, options.ignore_delays);
  if (options.ignore_delays && options.replay == Replay::open) {
    trace.error("ignore_delays", "is about turns that wait, and with replay: open none does");
  }
}

void read_prefixes(SectionReader& trace, TraceOptions& options) {
  options.block_tokens = trace.optional("block_tokens", Integer{1, 1 << 20}, options.block_tokens);
  options.allow_missing_prefix =
      trace.optional("allow_missing_prefix", Boolean{}, options.allow_missing_prefix);
}

void read_own_keys(SectionReader& trace, TraceFormat format, TraceOptions& options) {
  switch (format) {
    case TraceFormat::mooncake:
      options.time_unit = trace.maybe("time_unit", Time{});
      options.turn_input = trace.optional("turn_input", kTurnInputs, options.turn_input);
      break;
    case TraceFormat::burstgpt:
      options.model = trace.maybe("model", Text{});
      options.log_type = trace.maybe("log_type", Text{});
      break;
    case TraceFormat::weka:
      options.subagent_marker =
          trace.optional("subagent_marker", kMarkers, options.subagent_marker);
      break;
    case TraceFormat::servegen:
      options.rate = trace.maybe("rate", EventRate{});
      break;
    case TraceFormat::azure:
    case TraceFormat::csv:
    case TraceFormat::vidur:
    case TraceFormat::qwen:
      break;
  }
}

}  // namespace

const Choice<TraceFormat>& trace_formats() {
  static const Choice<TraceFormat> formats{"format",
                                           {{"mooncake", TraceFormat::mooncake},
                                            {"azure", TraceFormat::azure},
                                            {"burstgpt", TraceFormat::burstgpt},
                                            {"qwen", TraceFormat::qwen},
                                            {"weka", TraceFormat::weka},
                                            {"servegen", TraceFormat::servegen},
                                            {"csv", TraceFormat::csv},
                                            {"vidur", TraceFormat::vidur}}};
  return formats;
}

TraceOptions read_trace_options(SectionReader& trace, TraceFormat format) {
  TraceOptions options = default_options(format);
  read_rows(trace, format, options);
  options.on_zero_output = trace.optional("on_zero_output", kZeroOutput, options.on_zero_output);
  options.max_context_tokens = trace.maybe("max_context", Integer{2});
  options.on_over_context =
      trace.optional("on_over_context", kOverContext, options.on_over_context);
  options.time_scale = trace.optional("time_scale", Number{1e-6, 1e6}, options.time_scale);
  if (has_sessions(format)) read_sessions(trace, options);
  if (has_hash_ids(format)) read_prefixes(trace, options);
  read_own_keys(trace, format, options);
  return options;
}

}  // namespace kvferry::scenarios
