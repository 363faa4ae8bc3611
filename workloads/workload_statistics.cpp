#include "workloads/workload_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <unordered_set>
#include <utility>

namespace kvferry::workloads {
namespace {

// The smallest value that at least `per_cent` of the values do not exceed.
std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, std::size_t per_cent) {
  const std::size_t rank = (sorted.size() * per_cent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

Distribution distribution_of(std::vector<std::int64_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  Distribution distribution{nearest_rank(values, 50),
                            nearest_rank(values, 90),
                            nearest_rank(values, 99),
                            values.back(),
                            0,
                            0};
  for (const std::int64_t value : values) distribution.sum += value;
  distribution.mean = static_cast<double>(distribution.sum) / static_cast<double>(values.size());
  return distribution;
}

template <typename Member>
Distribution distribution_of(const std::vector<Request>& requests, Member member) {
  std::vector<std::int64_t> values;
  values.reserve(requests.size());
  for (const Request& request : requests) values.push_back(request.*member);
  return distribution_of(std::move(values));
}

struct Moments {
  double mean{};
  double variance{};
};

Moments moments_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  const auto count = static_cast<double>(values.size());
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, squares / count};
}

std::vector<double> own_dates(const std::vector<Request>& requests) {
  std::vector<double> dates;
  for (const Request& request : requests) {
    const bool waits_only =
        request.after >= 0 &&
        request.arrival == requests[static_cast<std::size_t>(request.after)].arrival;
    if (!waits_only) dates.push_back(request.arrival.value);
  }
  return dates;
}

// With fewer windows the last one, which is cut short, would decide.
constexpr double kFewestWindows = 10;

// Windows without arrivals are counted without being stored: a trace may be silent for years.
double dispersion(const std::vector<double>& dates, double window_s) {
  std::map<double, double> counts;  // by the window's number
  for (const double date : dates) ++counts[std::floor((date - dates.front()) / window_s)];
  const double windows = counts.rbegin()->first + 1;
  const double mean = static_cast<double>(dates.size()) / windows;
  double squares = (windows - static_cast<double>(counts.size())) * mean * mean;
  for (const auto& [window, count] : counts) squares += (count - mean) * (count - mean);
  return squares / windows / mean;
}

ArrivalStatistics arrivals_of(const std::vector<Request>& requests) {
  const std::vector<double> dates = own_dates(requests);
  ArrivalStatistics arrivals;
  arrivals.dated = static_cast<std::int64_t>(dates.size());
  if (dates.size() < 2) return arrivals;
  arrivals.span = {dates.back() - dates.front()};
  if (arrivals.span.value <= 0) return arrivals;
  arrivals.rate = PerSecond{static_cast<double>(dates.size() - 1) / arrivals.span.value};
  std::vector<double> gaps;
  for (std::size_t i = 1; i < dates.size(); ++i) gaps.push_back(dates[i] - dates[i - 1]);
  const Moments moments = moments_of(gaps);
  arrivals.cv = std::sqrt(moments.variance) / moments.mean;
  for (const double window_s : {1.0, 10.0, 60.0}) {
    if (arrivals.span.value < kFewestWindows * window_s) continue;
    arrivals.dispersions.push_back({{window_s}, dispersion(dates, window_s)});
  }
  return arrivals;
}

std::optional<PrefixStatistics> prefixes_of(const Workload& workload,
                                            const std::vector<std::int64_t>& capacities) {
  if (workload.block_tokens == 0) return std::nullopt;
  PrefixStatistics prefixes;
  prefixes.block_tokens = workload.block_tokens;
  std::unordered_set<std::uint64_t> distinct;
  for (const Request& request : workload.requests) {
    prefixes.blocks += static_cast<std::int64_t>(request.prefix_blocks.size());
    distinct.insert(request.prefix_blocks.begin(), request.prefix_blocks.end());
  }
  prefixes.distinct_blocks = static_cast<std::int64_t>(distinct.size());
  prefixes.reuse.push_back(block_reuse(workload.requests, workload.block_tokens, std::nullopt));
  for (const std::int64_t capacity : capacities) {
    prefixes.reuse.push_back(block_reuse(workload.requests, workload.block_tokens, capacity));
  }
  return prefixes;
}

std::optional<SessionStatistics> sessions_of(const std::vector<Request>& requests) {
  SessionStatistics sessions;
  std::map<std::int64_t, std::int64_t> turns;
  for (const Request& request : requests) {
    if (request.session < 0) {
      ++sessions.lone_requests;
    } else {
      ++turns[request.session];
    }
    if (request.after >= 0) ++sessions.waiting;
  }
  if (turns.empty()) return std::nullopt;
  sessions.sessions = static_cast<std::int64_t>(turns.size());
  std::vector<std::int64_t> counts;
  for (const auto& [session, count] : turns) counts.push_back(count);
  sessions.turns = distribution_of(std::move(counts));
  return sessions;
}

}  // namespace

WorkloadStatistics statistics_of(const Workload& workload,
                                 const std::vector<std::int64_t>& capacities) {
  WorkloadStatistics statistics;
  statistics.requests = static_cast<std::int64_t>(workload.requests.size());
  statistics.arrivals = arrivals_of(workload.requests);
  statistics.input_tokens = distribution_of(workload.requests, &Request::input_tokens);
  statistics.output_tokens = distribution_of(workload.requests, &Request::output_tokens);
  statistics.prefixes = prefixes_of(workload, capacities);
  statistics.sessions = sessions_of(workload.requests);
  return statistics;
}

}  // namespace kvferry::workloads
