#include "scenarios/read_workload.hpp"

#include "scenarios/file_path.hpp"
#include "scenarios/read_trace_options.hpp"

#include <utility>

namespace kvferry::scenarios {
namespace {

using namespace workloads;  // NOLINT: this file turns YAML into that namespace's structs

const Choice<OnBadRow> kBadRows{"choice", {{"reject", OnBadRow::reject}, {"skip", OnBadRow::skip}}};
const Choice<ArrivalProcess> kProcesses{"process",
                                        {{"poisson", ArrivalProcess::poisson},
                                         {"deterministic", ArrivalProcess::deterministic},
                                         {"gamma", ArrivalProcess::gamma}}};
const Choice<ArrivalConvention> kConventions{
    "convention",
    {{"first-at-zero", ArrivalConvention::first_at_zero}, {"vllm", ArrivalConvention::vllm}}};
constexpr std::int64_t kMaxRequests = 1'000'000'000;
constexpr Integer kTokens{};

ArrivalSpec read_arrivals(SectionReader&& arrivals) {
  ArrivalSpec spec;
  spec.process = arrivals.required("process", kProcesses);
  spec.rate = arrivals.required("rate", EventRate{});
  if (spec.process == ArrivalProcess::gamma) spec.cv = arrivals.required("cv", Number{0, 100});
  spec.convention = arrivals.optional("convention", kConventions, spec.convention);
  return spec;
}

TraceSpec read_trace_spec(SectionReader&& trace) {
  TraceSpec spec;
  spec.path = read_file_path(trace, "path");
  spec.format = trace.required("format", trace_formats());
  spec.options = read_trace_options(trace, spec.format);
  SectionReader starts = trace.section("session_arrivals");
  if (starts.present()) spec.starts = read_arrivals(std::move(starts));
  return spec;
}

LengthDistribution read_distribution(SectionReader& lengths, const std::string& key) {
  SectionReader distribution = lengths.required_section(key);
  const int stated = static_cast<int>(distribution.has("constant")) +
                     static_cast<int>(distribution.has("uniform")) +
                     static_cast<int>(distribution.has("lognormal"));
  if (distribution.present() && stated != 1) {
    lengths.error(key, "expected exactly one of constant, uniform, lognormal");
  }
  const auto constant = distribution.maybe("constant", kTokens);
  SectionReader uniform = distribution.section("uniform");
  if (uniform.present()) {
    const std::int64_t min = uniform.required("min", kTokens);
    const std::int64_t max = uniform.required("max", kTokens);
    if (max < min) uniform.error("max", "must be at least min, found " + std::to_string(max));
    return UniformLength{min, max};
  }
  SectionReader lognormal = distribution.section("lognormal");
  if (lognormal.present()) {
    const double median = lognormal.required("median", Number{0, 1e9, Bound::exclusive});
    const double p90 = lognormal.required("p90", Number{0, 1e9, Bound::exclusive});
    if (p90 <= median) lognormal.error("p90", "must be above the median");
    return LogNormalLength{median, p90};
  }
  return ConstantLength{constant.value_or(1)};
}

std::variant<IndependentLengths, EmpiricalLengths> read_lengths(SectionReader&& lengths) {
  if (lengths.has("empirical")) {
    SectionReader empirical = lengths.section("empirical");
    EmpiricalLengths spec;
    spec.path = read_file_path(empirical, "path");
    spec.on_bad_row = empirical.optional("on_bad_row", kBadRows, spec.on_bad_row);
    return spec;
  }
  IndependentLengths spec;
  spec.input = read_distribution(lengths, "input");
  spec.output = read_distribution(lengths, "output");
  return spec;
}

LengthLimits read_limits(SectionReader& workload) {
  return {workload.maybe("max_input_tokens", kTokens),
          workload.maybe("max_output_tokens", kTokens)};
}

SyntheticSpec read_synthetic(SectionReader& workload) {
  SyntheticSpec spec;
  spec.arrivals = read_arrivals(workload.required_section("arrivals"));
  spec.lengths = read_lengths(workload.required_section("lengths"));
  spec.limits = read_limits(workload);
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
