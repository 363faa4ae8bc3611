#include "workloads/client_loops.hpp"

#include "sim/base/random.hpp"

namespace kvferry::workloads {
namespace {

void tie(std::vector<Request>& requests, std::int64_t users, const ThinkTime& think,
         std::uint64_t seed) {
  RandomStream random(seed, "think times");
  for (Request& request : requests) {
    request.session = request.id % users;
    if (request.id < users) continue;
    request.after = request.id - users;
    request.think = draw(think, random);
  }
}

}  // namespace

bool has_waiting_users(const ArrivalSpec& spec) {
  return std::holds_alternative<UserArrivals>(spec) ||
         std::holds_alternative<ClosedLoopArrivals>(spec);
}

void tie_to_users(std::vector<Request>& requests, const ArrivalSpec& spec, std::uint64_t seed) {
  if (const auto* users = std::get_if<UserArrivals>(&spec)) {
    tie(requests, users->users, ConstantTime{}, seed);
  }
  if (const auto* loop = std::get_if<ClosedLoopArrivals>(&spec)) {
    tie(requests, loop->users, loop->think, seed);
  }
}

}  // namespace kvferry::workloads
