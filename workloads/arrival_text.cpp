#include "sim/base/quantity_text.hpp"
#include "workloads/arrivals.hpp"

#include <cmath>

namespace kvferry::workloads {
namespace {

// What all arrivals of a changing rate have in common.
constexpr const char* kOwnGap = ", the first request waits for its own gap from 0";

std::string per_second(PerSecond rate) {
  return shortest_decimal(rate.value) + " /s";
}

struct Describe {
  std::string operator()(const RenewalArrivals& spec) const {
    std::string text = name(spec);
    if (std::isinf(spec.rate.value)) return text + ", all requests at 0";
    text += ", rate " + per_second(spec.rate);
    return text + (spec.convention == ArrivalConvention::vllm ? ", stretched as vLLM does"
                                                              : ", first request at 0");
  }
  std::string operator()(const BurstArrivals& spec) const {
    return "poisson bursts, rate " + per_second(spec.high) + " for " + to_text(spec.high_for) +
           " and " + per_second(spec.low) + " for " + to_text(spec.low_for) +
           (spec.phases == PhaseLengths::fixed ? " (fixed" : " (exponential, on average") +
           "), the burst first" + kOwnGap;
  }
  std::string operator()(const MmppArrivals& spec) const {
    return "mmpp of 2 states, rates " + per_second(spec.rate_1) + " and " +
           per_second(spec.rate_2) + ", left at " + per_second(spec.leaving_1) + " and " +
           per_second(spec.leaving_2) + ", started in equilibrium" + kOwnGap;
  }
  std::string operator()(const DiurnalArrivals& spec) const {
    return "diurnal poisson, mean rate " + per_second(spec.mean) + ", peak:trough " +
           shortest_decimal(spec.peak_to_trough) + ", period " + to_text(spec.period) +
           ", a peak at " + to_text(spec.peak_at) + kOwnGap;
  }
  std::string operator()(const RampArrivals& spec) const {
    return std::string(spec.shape == RampShape::linear ? "linear" : "exponential") +
           " poisson ramp, rate " + per_second(spec.from) + " to " + per_second(spec.to) +
           " over " + to_text(spec.over) + ", constant afterwards" + kOwnGap;
  }
  std::string operator()(const PiecewiseArrivals& spec) const {
    std::string text = "piecewise";
    for (const ArrivalPhase& phase : spec.phases) {
      text += ", rate " + per_second(phase.rate) + " with cv " + shortest_decimal(phase.cv) +
              " for " + to_text(phase.duration);
    }
    return text + ", then none" + kOwnGap;
  }
  std::string operator()(const UserArrivals& spec) const {
    return std::to_string(spec.users) + " users, rate " + per_second(spec.rate) +
           " of all together, evenly staggered from 0, nobody before their last answer has ended";
  }
  std::string operator()(const ClosedLoopArrivals& spec) const {
    return "closed loop of " + std::to_string(spec.users) +
           " users, all starting at 0, each sending when the last answer has ended, think time " +
           describe(spec.think);
  }

 private:
  static std::string name(const RenewalArrivals& spec) {
    switch (spec.process) {
      case ArrivalProcess::deterministic:
        return "deterministic";
      case ArrivalProcess::poisson:
        return "poisson";
      case ArrivalProcess::gamma:
        return "gamma with cv " + shortest_decimal(spec.cv);
      case ArrivalProcess::weibull:
        return "weibull with cv " + shortest_decimal(spec.cv);
    }
    return {};
  }
};

}  // namespace

std::string describe(const ArrivalSpec& spec) {
  return std::visit(Describe{}, spec);
}

}  // namespace kvferry::workloads
