// What a workload looks like in figures: arrivals, lengths, shared prefixes, conversations.
#pragma once

#include "workloads/block_reuse.hpp"
#include "workloads/workload.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::workloads {

/// Of whole numbers; percentiles are nearest-rank.
struct Distribution {
  std::int64_t p50{};
  std::int64_t p90{};
  std::int64_t p99{};
  std::int64_t max{};
  double mean{};
  std::int64_t sum{};
};

/// Variance over mean of the counts in windows of that length from the first arrival on, the last
/// and incomplete one included; 1 for a Poisson process.
struct Dispersion {
  Seconds window{};
  double value{};
};

/// Of the requests that have a date of their own: a turn that is sent only because the last answer
/// has ended has none. Absent figures need more requests, or a span above zero.
struct ArrivalStatistics {
  std::int64_t dated{};
  Seconds span{};                       ///< from the first to the last
  std::optional<PerSecond> rate;        ///< gaps per span
  std::optional<double> cv;             ///< deviation over mean of the gaps
  std::vector<Dispersion> dispersions;  ///< in 1, 10 and 60 s, where there are ten windows
};

struct PrefixStatistics {
  std::int64_t block_tokens{};
  std::int64_t blocks{};  ///< of all prompts
  std::int64_t distinct_blocks{};
  std::vector<BlockReuse> reuse;  ///< the unlimited cache first
};

struct SessionStatistics {
  std::int64_t sessions{};
  std::int64_t lone_requests{};  ///< without a session
  std::int64_t waiting{};        ///< requests that wait for another one to end
  Distribution turns;            ///< requests per session
};

struct WorkloadStatistics {
  std::int64_t requests{};
  ArrivalStatistics arrivals;
  Distribution input_tokens;
  Distribution output_tokens;
  std::optional<PrefixStatistics> prefixes;  ///< absent when no request names its blocks
  std::optional<SessionStatistics> sessions;
};

/// @param capacities of caches, in blocks  @throws InputError when one is below 1
WorkloadStatistics statistics_of(const Workload& workload,
                                 const std::vector<std::int64_t>& capacities);

}  // namespace kvferry::workloads
