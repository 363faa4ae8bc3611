// Gathers what the figures of a run need while its results come in, and lets go of the rest.
#pragma once

#include "analysis/request_columns.hpp"
#include "analysis/token_gap_distribution.hpp"
#include "sim/base/result_sink.hpp"
#include "sim/base/units.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace kvferry::analysis {

/// Counts and sums over requests.
struct RunTally {
  std::array<std::int64_t, kOutcomeNames.size()> outcomes{};
  std::int64_t preemptions{};
  std::int64_t retries{};
  std::int64_t restarts{};
  std::int64_t input_tokens{};   ///< of those that finished
  std::int64_t output_tokens{};  ///< likewise
  std::int64_t cached_tokens{};  ///< likewise
  Bytes kv_raw{};
  Bytes kv_wire{};
  std::optional<Seconds> first_arrival;
  std::optional<Seconds> last_finish;
  bool clients_held_back{};  ///< some requests were sent later than scheduled
};

class RunAccumulator final : public ResultSink {
 public:
  explicit RunAccumulator(std::size_t expected_requests) { requests_.reserve(expected_requests); }

  void record(const RequestRecord& record) override;
  void token_gaps(const TokenGapRun& run) override { gap_runs_.push_back(run); }

  const RequestColumns& requests() const { return requests_; }
  /// For comparisons, when the summary has been made.
  RequestColumns take_requests() && { return std::move(requests_); }
  const TokenGapRuns& gap_runs() const { return gap_runs_; }
  const RunTally& tally() const { return tally_; }

 private:
  RequestColumns requests_;
  TokenGapRuns gap_runs_;
  RunTally tally_;
};

}  // namespace kvferry::analysis
