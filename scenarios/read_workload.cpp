#include "scenarios/read_workload.hpp"

#include "scenarios/file_path.hpp"
#include "scenarios/read_arrivals.hpp"
#include "scenarios/read_lengths.hpp"
#include "scenarios/read_trace_options.hpp"

#include <utility>

namespace kvferry::scenarios {
namespace {

using namespace workloads;  // NOLINT: this file turns YAML into that namespace's structs

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
  TraceSpec spec;
  spec.path = read_file_path(trace, "path");
  spec.format = trace.required("format", trace_formats());
  spec.options = read_trace_options(trace, spec.format);
  SectionReader starts = trace.section("session_arrivals");
  if (starts.present()) spec.starts = read_arrivals(std::move(starts));
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
  const auto max_concurrency = workload.maybe("max_concurrency", Integer{});
  if (!workload.has("trace")) {
    SyntheticSpec spec = read_synthetic(workload);
    spec.max_concurrency = max_concurrency;
    return spec;
  }
  for (const char* key : {"arrivals", "lengths"}) {
    if (workload.has(key))
      workload.error(key, "a workload has either a trace, or arrivals and lengths");
    workload.ignore(key);
  }
  TraceSpec spec = read_trace_spec(workload.section("trace"));
  spec.options.max_requests = workload.maybe("requests", Integer{1, kMaxRequests});
  spec.max_concurrency = max_concurrency;
  return spec;
}

}  // namespace kvferry::scenarios
