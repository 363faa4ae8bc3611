#include "scenarios/read_workload.hpp"

#include "scenarios/file_path.hpp"
#include "scenarios/read_arrivals.hpp"
#include "scenarios/read_lengths.hpp"

namespace kvferry::scenarios {
namespace {

using namespace workloads;  // NOLINT: this file turns YAML into that namespace's structs

const Choice<TraceFormat> kFormats{
    "format", {{"mooncake", TraceFormat::mooncake}, {"azure", TraceFormat::azure}}};
const Choice<OnBadRow> kBadRows{"choice", {{"reject", OnBadRow::reject}, {"skip", OnBadRow::skip}}};
const Choice<OnUnsorted> kUnsorted{"choice",
                                   {{"reject", OnUnsorted::reject}, {"sort", OnUnsorted::sort}}};
const Choice<OnZeroOutput> kZeroOutput{
    "choice", {{"reject", OnZeroOutput::reject}, {"drop", OnZeroOutput::drop}}};
const Choice<OnOverContext> kOverContext{
    "choice", {{"drop", OnOverContext::drop}, {"reject", OnOverContext::reject}}};
constexpr std::int64_t kMaxRequests = 1'000'000'000;
const Choice<Spread> kSpreads{"choice", {{"even", Spread::even}, {"uniform", Spread::uniform}}};

constexpr Integer kCopies{1, 1'000'000};
constexpr Integer kBlocks{0};

TraceChanges read_changes(SectionReader& trace) {
  TraceChanges changes;
  const auto interval = trace.maybe("dequantize", Time{});
  const auto spread = trace.maybe("dequantize_spread", kSpreads);
  if (interval) changes.dequantize = Dequantize{*interval, spread.value_or(Spread::even)};
  if (spread && !interval) trace.error("dequantize_spread", "needs dequantize, the clock's tick");
  changes.keep = trace.maybe("thin_to", Number{0, 1, Bound::exclusive});
  SectionReader loop = trace.section("loop");
  if (loop.present()) {
    changes.loop = Looping{loop.required("laps", kCopies),
                           loop.optional("shared_blocks", kBlocks, std::int64_t{0})};
  }
  SectionReader superpose = trace.section("superpose");
  if (superpose.present()) {
    changes.superpose =
        Superposition{superpose.required("copies", kCopies),
                      superpose.required("shift", Time{Sign::not_negative}),
                      superpose.optional("shared_blocks", kBlocks, std::int64_t{0})};
  }
  return changes;
}

TraceSpec read_trace_spec(SectionReader&& trace) {
  const TraceOptions defaults{};
  TraceSpec spec;
  spec.path = read_file_path(trace, "path");
  spec.format = trace.required("format", kFormats);
  TraceOptions& options = spec.options;
  options.on_bad_row = trace.optional("on_bad_row", kBadRows, defaults.on_bad_row);
  options.on_unsorted = trace.optional("on_unsorted", kUnsorted, defaults.on_unsorted);
  options.on_zero_output = trace.optional("on_zero_output", kZeroOutput, defaults.on_zero_output);
  options.max_context_tokens = trace.maybe("max_context", Integer{2});
  options.on_over_context =
      trace.optional("on_over_context", kOverContext, defaults.on_over_context);
  options.start = trace.optional("start", Time{Sign::not_negative}, defaults.start);
  options.duration = trace.maybe("duration", Time{});
  options.time_scale = trace.optional("time_scale", Number{1e-6, 1e6}, defaults.time_scale);
  if (spec.format == TraceFormat::mooncake) {
    options.block_tokens =
        trace.optional("block_tokens", Integer{1, 1 << 20}, defaults.block_tokens);
    options.allow_missing_prefix =
        trace.optional("allow_missing_prefix", Boolean{}, defaults.allow_missing_prefix);
    options.time_unit = trace.maybe("time_unit", Time{});
  }
  spec.changes = read_changes(trace);
  return spec;
}

SyntheticSpec read_synthetic(SectionReader& workload) {
  SyntheticSpec spec;
  spec.arrivals = read_arrivals(workload.required_section("arrivals"));
  spec.lengths = read_lengths(workload.required_section("lengths"));
  spec.limits = read_limits(workload);
  spec.conversations = read_conversations(workload);
  spec.requests = workload.required("requests", Integer{1, kMaxRequests});
  spec.duration = workload.maybe("duration", Time{});
  return spec;
}

}  // namespace

WorkloadSpec read_workload(SectionReader&& workload) {
  if (!workload.has("trace")) return read_synthetic(workload);
  for (const char* key : {"arrivals", "lengths"}) {
    if (workload.has(key))
      workload.error(key, "a workload has either a trace, or arrivals and lengths");
    workload.ignore(key);
  }
  TraceSpec spec = read_trace_spec(workload.section("trace"));
  spec.options.max_requests = workload.maybe("requests", Integer{1, kMaxRequests});
  return spec;
}

}  // namespace kvferry::scenarios
