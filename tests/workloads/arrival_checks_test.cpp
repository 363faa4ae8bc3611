// Which parameters arrivals may not have.
#include "tests/workloads/trace_text.hpp"
#include "workloads/arrivals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::StartsWith;

const double kNan = std::numeric_limits<double>::quiet_NaN();

const BurstArrivals kBurst{PerSecond{200}, PerSecond{10}, Seconds{2}, Seconds{8}};
const MmppArrivals kMmpp{PerSecond{40}, PerSecond{4}, PerSecond{2}, PerSecond{1}};
const DiurnalArrivals kDay{PerSecond{1}, 4, Seconds{86'400}, Seconds{50'400}};
const PiecewiseArrivals kSteps{{{Seconds{100}, PerSecond{50}, 1},
                                {Seconds{50}, PerSecond{0}, 1},
                                {Seconds{100}, PerSecond{200}, 3}}};
const UserArrivals kUsers{4, PerSecond{2}};

struct Refusal {
  ArrivalSpec spec;
  std::string message;
};

template <typename Spec, typename Change>
Refusal refusal(Spec spec, Change change, std::string message) {
  change(spec);
  return {spec, std::move(message)};
}

void expect_refused(const std::vector<Refusal>& refusals) {
  for (const auto& [spec, message] : refusals) {
    EXPECT_THAT(error_of([&] { generate_arrivals(spec, 1, 7); }),
                StartsWith("arrivals: " + message));
  }
}

TEST(ArrivalChecks, PhasesOutOfRangeAreRefused) {
  expect_refused(
      {refusal(
           kBurst, [](auto& b) { b.high = PerSecond{0}; }, "the high rate must be above zero"),
       refusal(
           kBurst, [](auto& b) { b.low = PerSecond{-1}; }, "the low rate must be above zero"),
       refusal(
           kBurst, [](auto& b) { b.low = PerSecond{300}; },
           "the low rate must not be above the high one, found 300 /s"),
       refusal(
           kBurst, [](auto& b) { b.low_for = Seconds{0}; },
           "the time at the low rate must be above 0"),
       refusal(
           kBurst, [](auto& b) { b.high_for = Seconds{1e-9}, b.low = PerSecond{0}; },
           "both phases together must bring at least 0.001 requests"),
       refusal(
           kMmpp, [](auto& m) { m.leaving_1 = PerSecond{0}; },
           "the rate of leaving the first state must be above zero"),
       refusal(
           kMmpp, [](auto& m) { m.leaving_2 = PerSecond{kNan}; },
           "the rate of leaving the second state must be above zero"),
       refusal(
           kMmpp, [](auto& m) { m.rate_1 = m.rate_2 = PerSecond{0}; },
           "both phases together must bring at least 0.001 requests"),
       refusal(
           kSteps, [](auto& p) { p.phases.clear(); },
           "at least one phase with a rate above zero is needed, found 0 phases"),
       refusal(
           kSteps, [](auto& p) { p.phases[0].duration = Seconds{0}; },
           "the duration of a phase must be above 0"),
       refusal(
           kSteps, [](auto& p) { p.phases[0].cv = -1; },
           "the coefficient of variation must be from 0 to 100, found -1")});
}

TEST(ArrivalChecks, RatesThatChangeInTimeOutOfRangeAreRefused) {
  const RampArrivals ramp{PerSecond{1}, PerSecond{5}, Seconds{9}, RampShape::exponential};
  expect_refused(
      {refusal(
           kDay, [](auto& d) { d.mean = PerSecond{kNan}; }, "the mean rate must be above zero"),
       refusal(
           kDay, [](auto& d) { d.peak_to_trough = 0.99; },
           "peak:trough must be from 1 to 1e6, found 0.99"),
       refusal(
           kDay, [](auto& d) { d.peak_to_trough = kNan; }, "peak:trough must be from 1 to"),
       refusal(
           kDay, [](auto& d) { d.period = Seconds{0}; }, "the period must be above 0"),
       refusal(
           kDay, [](auto& d) { d.peak_at = Seconds{-1}; }, "the peak must be at 0 to 1e9 s"),
       refusal(
           ramp, [](auto& r) { r.from = PerSecond{0}; },
           "the first rate of an exponential ramp must be above zero"),
       refusal(
           ramp, [](auto& r) { r.to = PerSecond{0}; }, "the last rate must be above zero"),
       refusal(
           ramp, [](auto& r) { r.over = Seconds{-1}; }, "the time of the ramp must be above 0")});
}

TEST(ArrivalChecks, UsersOutOfRangeAreRefused) {
  expect_refused(
      {refusal(
           kUsers, [](auto& u) { u.users = 0; }, "the number of users must be from 1"),
       refusal(
           kUsers, [](auto& u) { u.rate = PerSecond{0}; }, "the rate must be above zero"),
       refusal(
           ClosedLoopArrivals{}, [](auto&) {}, "the number of users must be from 1")});
}

TEST(ArrivalChecks, NoRequestsAreRefused) {
  for (const ArrivalSpec& spec : std::vector<ArrivalSpec>{kBurst, kMmpp, kDay, kSteps, kUsers}) {
    EXPECT_EQ(error_of([&] { generate_arrivals(spec, 0, 7); }),
              "arrivals: at least one request is needed, found 0");
  }
}

TEST(ArrivalChecks, ThinkTimesOutOfRangeAreRefused) {
  for (const ThinkTime& think :
       std::vector<ThinkTime>{ConstantTime{Seconds{-1}}, ConstantTime{Seconds{kNan}},
                              ExponentialTime{Seconds{0}}, LogNormalTime{Seconds{2}, Seconds{2}}}) {
    EXPECT_THAT(error_of([&] {
                  generate_arrivals(ClosedLoopArrivals{1, think}, 1, 7);
                }),
                StartsWith("think time: "));
  }
}

}  // namespace
}  // namespace kvferry::workloads
