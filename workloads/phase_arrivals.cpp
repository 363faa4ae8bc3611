#include "sim/base/random.hpp"
#include "workloads/gap_law.hpp"
#include "workloads/varying_arrivals.hpp"

#include <optional>

namespace kvferry::workloads {
namespace {

struct Phase {
  double duration_s{};
  double rate_per_s{};
  const GapLaw* gaps{};
};

// Lets a unit of gap pass whenever the rate has summed to one: exact for Poisson arrivals, where it
// is the time change of a unit process, and what goes on across a change of rate for all others.
// `next_phase` returns nothing at the end.
template <typename NextPhase>
std::vector<Seconds> arrivals_in_phases(std::size_t count, RandomStream& random,
                                        NextPhase next_phase) {
  std::vector<Seconds> dates;
  double phase_end = 0;
  double now = 0;
  std::optional<Phase> phase = next_phase();
  if (phase) phase_end = phase->duration_s;
  while (phase && dates.size() < count) {
    double gap = phase->gaps->draw(random);
    while (phase && gap >= phase->rate_per_s * (phase_end - now)) {
      gap -= phase->rate_per_s * (phase_end - now);
      now = phase_end;
      phase = next_phase();
      if (phase) phase_end += phase->duration_s;
    }
    if (!phase) break;
    now += gap / phase->rate_per_s;
    dates.push_back({now});
  }
  return dates;
}

}  // namespace

std::vector<Seconds> varying_arrivals(const BurstArrivals& spec, std::size_t count,
                                      std::uint64_t seed) {
  RandomStream random(seed, "arrivals");
  RandomStream switches(seed, "arrival phases");
  const GapLaw poisson(ArrivalProcess::poisson, 1);
  bool is_high = false;
  return arrivals_in_phases(count, random, [&] {
    is_high = !is_high;
    const double mean = (is_high ? spec.high_for : spec.low_for).value;
    const double duration =
        spec.phases == PhaseLengths::fixed ? mean : mean * switches.exponential();
    return std::optional<Phase>({duration, (is_high ? spec.high : spec.low).value, &poisson});
  });
}

std::vector<Seconds> varying_arrivals(const MmppArrivals& spec, std::size_t count,
                                      std::uint64_t seed) {
  RandomStream random(seed, "arrivals");
  RandomStream switches(seed, "arrival phases");
  const GapLaw poisson(ArrivalProcess::poisson, 1);
  const double leaving_1 = spec.leaving_1.value;
  const double leaving_2 = spec.leaving_2.value;
  // In equilibrium state 1 has the share q2 / (q1 + q2); the first step below changes the state.
  bool is_first = switches.uniform() >= leaving_2 / (leaving_1 + leaving_2);
  return arrivals_in_phases(count, random, [&] {
    is_first = !is_first;
    const double duration = switches.exponential() / (is_first ? leaving_1 : leaving_2);
    return std::optional<Phase>({duration, (is_first ? spec.rate_1 : spec.rate_2).value, &poisson});
  });
}

std::vector<Seconds> varying_arrivals(const PiecewiseArrivals& spec, std::size_t count,
                                      std::uint64_t seed) {
  RandomStream random(seed, "arrivals");
  std::vector<GapLaw> laws;
  for (const ArrivalPhase& phase : spec.phases) {
    laws.emplace_back(phase.cv == 1 ? ArrivalProcess::poisson : ArrivalProcess::gamma, phase.cv);
  }
  std::size_t next = 0;
  return arrivals_in_phases(count, random, [&]() -> std::optional<Phase> {
    if (next == laws.size()) return std::nullopt;
    const ArrivalPhase& phase = spec.phases[next];
    return Phase{phase.duration.value, phase.rate.value, &laws[next++]};
  });
}

}  // namespace kvferry::workloads
