#include "workloads/row_selection.hpp"

#include "sim/base/quantity_text.hpp"
#include "workloads/session_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kvferry::workloads {
namespace {

std::int64_t nanoseconds(Seconds time) {
  return std::llround(time.value * 1e9);
}

Seconds seconds(std::int64_t time_ns) {
  return {static_cast<double>(time_ns) / 1e9};
}

// The counters of rows that are left out, beside those that formats name.
constexpr std::string_view kSessionTail = "session-tail";
constexpr std::string_view kOutsideWindow = "outside-window";
constexpr std::string_view kBeyondMaxRequests = "beyond-max-requests";

RowFate fate_of(std::string_view reason, const TraceRow& row) {
  if (reason == kOutsideWindow) return RowFate::outside;
  return reason == row.unwanted_for ? RowFate::unwanted : RowFate::dropped;
}

}  // namespace

RowSelection::RowSelection(const TraceOptions& options, TimeOrigin origin, Trace& trace)
    : options_(options),
      origin_(origin),
      trace_(trace),
      links_(options),
      start_ns_(nanoseconds(options.start)) {
  if (options.duration) end_ns_ = start_ns_ + nanoseconds(*options.duration);
  if (origin != TimeOrigin::first_row) origin_ns_ = 0;
}

void RowSelection::take(TraceRow&& row) {
  links_.date(row);
  check_order(row);
  if (must_sort()) {
    to_sort_.push_back(std::move(row));
  } else {
    emit(std::move(row));
  }
}

void RowSelection::check_order(const TraceRow& row) {
  if (origin_ == TimeOrigin::session_start || row.dated_by != DatedBy::itself) return;
  if (previous_ns_ && row.time_ns < *previous_ns_) {
    ++trace_.account.unsorted_rows;
    if (options_.on_unsorted == OnUnsorted::reject) {
      links_.leave_out(row.turn, RowFate::dropped);
      throw RowFault("unsorted",
                     "the row is dated " + to_text(seconds(*previous_ns_ - row.time_ns)) +
                         " before the row above it (on_unsorted: sort puts them in order)",
                     row.time_column);
    }
  }
  previous_ns_ = row.time_ns;
}

bool RowSelection::must_sort() const {
  return options_.on_unsorted == OnUnsorted::sort && origin_ != TimeOrigin::session_start;
}

bool RowSelection::is_full() const {
  return !must_sort() && has_emitted_all();
}

bool RowSelection::has_emitted_all() const {
  return options_.max_requests && trace_.account.emitted >= *options_.max_requests;
}

void RowSelection::finish() {
  std::stable_sort(to_sort_.begin(), to_sort_.end(),
                   [](const TraceRow& a, const TraceRow& b) { return a.time_ns < b.time_ns; });
  for (TraceRow& row : to_sort_) emit(std::move(row));
  to_sort_.clear();
  if (!is_in_order_) trace_.account.sessions = order_by_arrival(trace_.requests);
  trace_.account.warnings = census_.warnings(trace_.format, options_);
}

bool RowSelection::is_inside_window(std::int64_t time_ns) const {
  return time_ns >= start_ns_ && (!end_ns_ || time_ns < *end_ns_);
}

std::string_view RowSelection::reason_to_drop(const TraceRow& row, std::int64_t time_ns) const {
  if (links_.is_cut_off(row.turn)) return kSessionTail;
  if (!is_inside_window(time_ns)) return kOutsideWindow;
  if (!row.unwanted_for.empty()) return row.unwanted_for;
  if (row.output_tokens == 0 && options_.on_zero_output == OnZeroOutput::drop) return kZeroOutput;
  if (exceeds_context(row, options_)) return kOverContext;
  if (has_emitted_all()) return kBeyondMaxRequests;
  return {};
}

void RowSelection::emit(TraceRow&& row) {
  if (!origin_ns_) origin_ns_ = row.time_ns;
  const std::int64_t time_ns = row.time_ns - *origin_ns_;
  const std::string_view reason = reason_to_drop(row, time_ns);
  if (!reason.empty()) {
    ++trace_.account.dropped[std::string(reason)];
    if (reason == kBeyondMaxRequests) trace_.account.truncated = true;
    return links_.leave_out(row.turn, fate_of(reason, row));
  }
  // What waits for an answer is not sent at its date.
  if (row.dated_by == DatedBy::itself && origin_ != TimeOrigin::session_start && !row.turn.think) {
    census_.add(time_ns);
  }
  trace_.requests.push_back(request_of(std::move(row), time_ns));
  ++trace_.account.emitted;
}

Request RowSelection::request_of(TraceRow&& row, std::int64_t time_ns) {
  const SentTurn sent = links_.send(row, time_ns, trace_.account.emitted);
  const Seconds since_start = row.exact_date && sent.sent_ns == row.time_ns
                                  ? *row.exact_date - options_.start
                                  : seconds(sent.sent_ns - start_ns_);
  if (sent.is_orphan) ++trace_.account.orphan_turns;
  if (row.output_tokens == 0) ++trace_.account.prefill_only;
  if (row.turn.session >= 0 || row.exact_date) is_in_order_ = false;
  Request request;
  request.id = trace_.account.emitted;
  request.arrival = {since_start.value / options_.time_scale};
  request.input_tokens = row.input_tokens;
  request.output_tokens = std::max<std::int64_t>(1, row.output_tokens);
  request.prefix_blocks = std::move(row.prefix_blocks);
  request.session = row.turn.session;
  request.after = sent.after;
  request.think = {sent.think.value / options_.time_scale};
  request.priority = row.priority;
  return request;
}

}  // namespace kvferry::workloads
