#include "workloads/arrival_checks.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/gap_law.hpp"

#include <string>

namespace kvferry::workloads {
namespace {

// Beyond this the trough of a day is as good as silent.
constexpr double kLargestPeakToTrough = 1e6;
constexpr double kLongestSeconds = 1e9;

// Phases that bring fewer requests than this would be drawn in their millions for each request.
constexpr double kFewestRequestsPerCycle = 1e-3;

constexpr std::int64_t kMostUsers = 1'000'000'000;

[[noreturn]] void refuse(const std::string& rule, const std::string& found) {
  throw InputError("arrivals: " + rule + ", found " + found);
}

void check_rate(const std::string& name, PerSecond rate) {
  if (rate.value >= kLowestRatePerSecond) return;  // false for NaN
  refuse(name + " must be above zero (at least 1e-09 /s)", shortest_decimal(rate.value) + " /s");
}

void check_finite_rate(const std::string& name, PerSecond rate) {
  check_rate(name, rate);
  if (rate.value <= 1e9) return;
  refuse(name + " must be at most 1e9 /s", shortest_decimal(rate.value) + " /s");
}

void check_rate_or_zero(const std::string& name, PerSecond rate) {
  if (rate.value != 0) check_finite_rate(name, rate);
}

void check_time(const std::string& name, Seconds time) {
  if (time.value > 0 && time.value <= kLongestSeconds) return;
  refuse(name + " must be above 0 and at most 1e9 s", shortest_decimal(time.value) + " s");
}

void check_users(std::int64_t users) {
  if (users >= 1 && users <= kMostUsers) return;
  refuse("the number of users must be from 1 to 1000000000", std::to_string(users));
}

void check_cycle(double requests) {
  if (requests >= kFewestRequestsPerCycle) return;
  refuse("both phases together must bring at least 0.001 requests on average",
         shortest_decimal(requests));
}

struct Check {
  void operator()(const RenewalArrivals& spec) const {
    check_rate("the rate", spec.rate);
    const bool varies =
        spec.process == ArrivalProcess::gamma || spec.process == ArrivalProcess::weibull;
    if (varies) check_cv(spec.cv);
  }
  void operator()(const BurstArrivals& spec) const {
    check_finite_rate("the high rate", spec.high);
    check_rate_or_zero("the low rate", spec.low);
    if (spec.low > spec.high) {
      refuse("the low rate must not be above the high one", to_text(spec.low));
    }
    check_time("the time at the high rate", spec.high_for);
    check_time("the time at the low rate", spec.low_for);
    check_cycle(spec.high.value * spec.high_for.value + spec.low.value * spec.low_for.value);
  }
  void operator()(const MmppArrivals& spec) const {
    check_rate_or_zero("the first rate", spec.rate_1);
    check_rate_or_zero("the second rate", spec.rate_2);
    check_finite_rate("the rate of leaving the first state", spec.leaving_1);
    check_finite_rate("the rate of leaving the second state", spec.leaving_2);
    check_cycle(spec.rate_1.value / spec.leaving_1.value +
                spec.rate_2.value / spec.leaving_2.value);
  }
  void operator()(const DiurnalArrivals& spec) const {
    check_finite_rate("the mean rate", spec.mean);
    if (!(spec.peak_to_trough >= 1 && spec.peak_to_trough <= kLargestPeakToTrough)) {
      refuse("peak:trough must be from 1 to 1e6", shortest_decimal(spec.peak_to_trough));
    }
    check_time("the period", spec.period);
    if (!(spec.peak_at.value >= 0 && spec.peak_at.value <= kLongestSeconds)) {
      refuse("the peak must be at 0 to 1e9 s", shortest_decimal(spec.peak_at.value) + " s");
    }
  }
  void operator()(const RampArrivals& spec) const {
    const bool linear = spec.shape == RampShape::linear;
    linear ? check_rate_or_zero("the first rate", spec.from)
           : check_finite_rate("the first rate of an exponential ramp", spec.from);
    check_finite_rate("the last rate", spec.to);
    check_time("the time of the ramp", spec.over);
  }
  void operator()(const PiecewiseArrivals& spec) const {
    double requests = 0;
    for (const ArrivalPhase& phase : spec.phases) {
      check_time("the duration of a phase", phase.duration);
      check_rate_or_zero("the rate of a phase", phase.rate);
      check_cv(phase.cv);
      requests += phase.duration.value * phase.rate.value;
    }
    if (!(requests > 0)) {
      refuse("at least one phase with a rate above zero is needed",
             std::to_string(spec.phases.size()) + " phases");
    }
  }
  void operator()(const UserArrivals& spec) const {
    check_users(spec.users);
    check_finite_rate("the rate", spec.rate);
  }
  void operator()(const ClosedLoopArrivals& spec) const {
    check_users(spec.users);
    check(spec.think);
  }
};

}  // namespace

void check_arrivals(const ArrivalSpec& spec, std::int64_t count) {
  std::visit(Check{}, spec);
  if (count >= 1) return;
  throw InputError("arrivals: at least one request is needed, found " + std::to_string(count));
}

}  // namespace kvferry::workloads
