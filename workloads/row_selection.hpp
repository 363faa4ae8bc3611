// From good rows to requests: order, window, policies and scale.
#pragma once

#include "workloads/timing_census.hpp"
#include "workloads/trace.hpp"
#include "workloads/trace_format.hpp"
#include "workloads/trace_row.hpp"
#include "workloads/turn_links.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

/// Takes the good rows in file order. Faults have been judged before, on every row of the file: the
/// window only selects. A row is counted under the first of: session-tail, outside-window, what the
/// format leaves out, zero-output, over-context, beyond-max-requests.
class RowSelection {
 public:
  /// Options and trace must outlive the object; requests and counts go into the trace.
  RowSelection(const TraceOptions& options, TimeOrigin origin, Trace& trace);

  /// @throws RowFault when the row is dated before the last one and rows are not to be sorted.
  void take(TraceRow&& row);

  /// Whether no further row can be emitted, so that reading may stop.
  bool is_full() const;

  /// To be called after the last row.
  void finish();

 private:
  void check_order(const TraceRow& row);
  void emit(TraceRow&& row);
  std::string_view reason_to_drop(const TraceRow& row, std::int64_t time_ns) const;
  bool is_inside_window(std::int64_t time_ns) const;
  bool has_emitted_all() const;
  bool must_sort() const;
  Request request_of(TraceRow&& row, std::int64_t time_ns);

  const TraceOptions& options_;
  TimeOrigin origin_;
  Trace& trace_;
  TurnLinks links_;
  TimingCensus census_;
  std::int64_t start_ns_;
  std::optional<std::int64_t> end_ns_;
  std::optional<std::int64_t> origin_ns_;
  std::optional<std::int64_t> previous_ns_;  // of the last good row
  std::vector<TraceRow> to_sort_;
  bool is_in_order_ = true;  // of arrival, the requests emitted so far
};

}  // namespace kvferry::workloads
