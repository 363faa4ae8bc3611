#include "scenarios/read_arrivals.hpp"

#include "scenarios/exactly_one.hpp"

#include <cstdint>
#include <limits>

namespace kvferry::scenarios {
namespace {

using namespace workloads;  // NOLINT: this file turns YAML into that namespace's structs

// The words of `process`; several of them lead to one struct.
enum class Process : std::uint8_t {
  poisson,
  deterministic,
  gamma,
  weibull,
  all_at_once,
  burst,
  mmpp,
  diurnal,
  ramp,
  piecewise,
  users,
  closed_loop
};
const Choice<Process> kProcesses{"process",
                                 {{"poisson", Process::poisson},
                                  {"deterministic", Process::deterministic},
                                  {"gamma", Process::gamma},
                                  {"weibull", Process::weibull},
                                  {"all-at-once", Process::all_at_once},
                                  {"burst", Process::burst},
                                  {"mmpp", Process::mmpp},
                                  {"diurnal", Process::diurnal},
                                  {"ramp", Process::ramp},
                                  {"piecewise", Process::piecewise},
                                  {"users", Process::users},
                                  {"closed-loop", Process::closed_loop}}};
const Choice<ArrivalConvention> kConventions{
    "convention",
    {{"first-at-zero", ArrivalConvention::first_at_zero}, {"vllm", ArrivalConvention::vllm}}};
const Choice<PhaseLengths> kPhaseLengths{
    "choice", {{"fixed", PhaseLengths::fixed}, {"exponential", PhaseLengths::exponential}}};
const Choice<RampShape> kRampShapes{
    "shape", {{"linear", RampShape::linear}, {"exponential", RampShape::exponential}}};

constexpr Number kCv{0, 100};
constexpr EventRate kRate{};
constexpr EventRate kRateOrZero{Sign::not_negative};
constexpr Integer kUsers{1, 1'000'000'000};

ArrivalSpec read_renewal(SectionReader& arrivals, ArrivalProcess process) {
  RenewalArrivals spec;
  spec.process = process;
  spec.rate = arrivals.required("rate", kRate);
  const bool varies = process == ArrivalProcess::gamma || process == ArrivalProcess::weibull;
  if (varies) spec.cv = arrivals.required("cv", kCv);
  spec.convention = arrivals.optional("convention", kConventions, spec.convention);
  return spec;
}

ArrivalSpec read_burst(SectionReader& arrivals) {
  BurstArrivals spec;
  spec.high = arrivals.required("high", kRate);
  spec.low = arrivals.required("low", kRateOrZero);
  spec.high_for = arrivals.required("high_for", Time{});
  spec.low_for = arrivals.required("low_for", Time{});
  spec.phases = arrivals.optional("phase_lengths", kPhaseLengths, spec.phases);
  if (spec.low > spec.high) arrivals.error("low", "must not be above high");
  return spec;
}

ArrivalSpec read_mmpp(SectionReader& arrivals) {
  MmppArrivals spec;
  spec.rate_1 = arrivals.required("rate_1", kRateOrZero);
  spec.rate_2 = arrivals.required("rate_2", kRateOrZero);
  spec.leaving_1 = arrivals.required("leaving_1", kRate);
  spec.leaving_2 = arrivals.required("leaving_2", kRate);
  return spec;
}

ArrivalSpec read_diurnal(SectionReader& arrivals) {
  DiurnalArrivals spec;
  spec.mean = arrivals.required("mean", kRate);
  spec.peak_to_trough = arrivals.required("peak_to_trough", Number{1, 1e6});
  spec.period = arrivals.optional("period", Time{}, spec.period);
  // By default the run starts in the trough, as Dynamo's generator does.
  spec.peak_at = arrivals.optional("peak_at", Time{Sign::not_negative}, spec.period * 0.5);
  return spec;
}

ArrivalSpec read_ramp(SectionReader& arrivals) {
  RampArrivals spec;
  spec.shape = arrivals.optional("shape", kRampShapes, spec.shape);
  const bool linear = spec.shape == RampShape::linear;
  spec.from = arrivals.required("from", linear ? kRateOrZero : kRate);
  spec.to = arrivals.required("to", kRate);
  spec.over = arrivals.required("over", Time{});
  return spec;
}

ArrivalSpec read_piecewise(SectionReader& arrivals) {
  PiecewiseArrivals spec;
  arrivals.each_of("phases", [&](SectionReader&& phase) {
    spec.phases.push_back({phase.required("duration", Time{}), phase.required("rate", kRateOrZero),
                           phase.optional("cv", kCv, 1.0)});
  });
  return spec;
}

}  // namespace

ArrivalSpec read_arrivals(SectionReader&& arrivals) {
  switch (arrivals.required("process", kProcesses)) {
    case Process::poisson:
      return read_renewal(arrivals, ArrivalProcess::poisson);
    case Process::deterministic:
      return read_renewal(arrivals, ArrivalProcess::deterministic);
    case Process::gamma:
      return read_renewal(arrivals, ArrivalProcess::gamma);
    case Process::weibull:
      return read_renewal(arrivals, ArrivalProcess::weibull);
    case Process::all_at_once:
      return RenewalArrivals{ArrivalProcess::deterministic,
                             PerSecond{std::numeric_limits<double>::infinity()}};
    case Process::burst:
      return read_burst(arrivals);
    case Process::mmpp:
      return read_mmpp(arrivals);
    case Process::diurnal:
      return read_diurnal(arrivals);
    case Process::ramp:
      return read_ramp(arrivals);
    case Process::piecewise:
      return read_piecewise(arrivals);
    case Process::users: {
      const std::int64_t users = arrivals.required("users", kUsers);
      return UserArrivals{users, arrivals.required("rate", kRate)};
    }
    case Process::closed_loop: {
      const std::int64_t users = arrivals.required("users", kUsers);
      return ClosedLoopArrivals{users, read_think_time(arrivals.section("think"))};
    }
  }
  return RenewalArrivals{};
}

ThinkTime read_think_time(SectionReader&& think) {
  const std::string chosen = exactly_one(think, {"constant", "exponential", "lognormal"});
  if (chosen == "exponential") {
    SectionReader exponential = think.section("exponential");
    return ExponentialTime{exponential.required("mean", Time{})};
  }
  if (chosen == "lognormal") {
    SectionReader lognormal = think.section("lognormal");
    const Seconds median = lognormal.required("median", Time{});
    const Seconds p90 = lognormal.required("p90", Time{});
    if (p90 <= median) lognormal.error("p90", "must be above the median");
    return LogNormalTime{median, p90};
  }
  if (chosen.empty()) return ConstantTime{};
  return ConstantTime{think.required("constant", Time{Sign::not_negative})};
}

}  // namespace kvferry::scenarios
