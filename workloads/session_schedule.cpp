#include "workloads/session_schedule.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>

namespace kvferry::workloads {
namespace {

// Numbers the sessions from 0 in order of appearance; returns how many there are.
std::int64_t number_sessions(std::vector<Request>& requests) {
  std::unordered_map<std::int64_t, std::int64_t> numbers;
  for (Request& request : requests) {
    if (request.session < 0) continue;
    const auto next = static_cast<std::int64_t>(numbers.size());
    request.session = numbers.try_emplace(request.session, next).first->second;
  }
  return static_cast<std::int64_t>(numbers.size());
}

// Calls take(request, index of its conversation, whether it is the first of it).
template <typename Requests, typename Take>
std::int64_t for_each_start(Requests& requests, Take take) {
  std::unordered_map<std::int64_t, std::int64_t> starts;  // of sessions
  std::int64_t count = 0;
  for (auto& request : requests) {
    if (request.session < 0) {
      take(request, count++, true);
      continue;
    }
    const auto [place, is_first] = starts.try_emplace(request.session, count);
    if (is_first) ++count;
    take(request, place->second, is_first);
  }
  return count;
}

}  // namespace

std::int64_t order_by_arrival(std::vector<Request>& requests) {
  for (Request& request : requests) {
    if (request.after < 0) continue;
    const Request& before = requests[static_cast<std::size_t>(request.after)];
    request.arrival = std::max(request.arrival, before.arrival);
  }
  std::stable_sort(requests.begin(), requests.end(),
                   [](const Request& a, const Request& b) { return a.arrival < b.arrival; });
  std::vector<std::int64_t> new_ids(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    new_ids[static_cast<std::size_t>(requests[i].id)] = static_cast<std::int64_t>(i);
  }
  for (Request& request : requests) {
    request.id = new_ids[static_cast<std::size_t>(request.id)];
    if (request.after >= 0) request.after = new_ids[static_cast<std::size_t>(request.after)];
  }
  return number_sessions(requests);
}

std::int64_t count_starts(const std::vector<Request>& requests) {
  return for_each_start(requests, [](const Request&, std::int64_t, bool) {});
}

void start_sessions(std::vector<Request>& requests, const std::vector<Seconds>& dates) {
  std::vector<Seconds> shifts(dates.size());
  for_each_start(requests, [&](Request& request, std::int64_t start, bool is_first) {
    Seconds& shift = shifts[static_cast<std::size_t>(start)];
    if (is_first) shift = dates[static_cast<std::size_t>(start)] - request.arrival;
    // The first request's date is exact; the others follow at their distance.
    request.arrival = is_first ? dates[static_cast<std::size_t>(start)] : request.arrival + shift;
  });
  order_by_arrival(requests);
}

}  // namespace kvferry::workloads
