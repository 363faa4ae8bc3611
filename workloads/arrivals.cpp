#include "workloads/arrivals.hpp"

#include "workloads/arrival_checks.hpp"
#include "workloads/renewal_arrivals.hpp"
#include "workloads/varying_arrivals.hpp"

#include <cstddef>

namespace kvferry::workloads {
namespace {

struct Generate {
  std::size_t count;
  std::uint64_t seed;

  std::vector<Seconds> operator()(const RenewalArrivals& spec) const {
    return renewal_arrivals(spec, count, seed);
  }
  // The users take turns, so that all of them together send evenly.
  std::vector<Seconds> operator()(const UserArrivals& spec) const {
    return renewal_arrivals({ArrivalProcess::deterministic, spec.rate}, count, seed);
  }
  std::vector<Seconds> operator()(const ClosedLoopArrivals&) const {
    return std::vector<Seconds>(count);
  }
  template <typename Varying>
  std::vector<Seconds> operator()(const Varying& spec) const {
    return varying_arrivals(spec, count, seed);
  }
};

}  // namespace

std::vector<Seconds> generate_arrivals(const ArrivalSpec& spec, std::int64_t count,
                                       std::uint64_t seed) {
  check_arrivals(spec, count);
  return std::visit(Generate{static_cast<std::size_t>(count), seed}, spec);
}

}  // namespace kvferry::workloads
