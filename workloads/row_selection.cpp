#include "workloads/row_selection.hpp"

#include "sim/base/quantity_text.hpp"

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

}  // namespace

RowSelection::RowSelection(const TraceOptions& options, TimeOrigin origin, Trace& trace)
    : options_(options), trace_(trace), start_ns_(nanoseconds(options.start)) {
  if (options.duration) end_ns_ = start_ns_ + nanoseconds(*options.duration);
  if (origin == TimeOrigin::trace_start) origin_ns_ = 0;
}

void RowSelection::take(TraceRow&& row) {
  if (previous_ns_ && row.time_ns < *previous_ns_) {
    ++trace_.account.unsorted_rows;
    if (options_.on_unsorted == OnUnsorted::reject) {
      throw RowFault("unsorted",
                     "the row is dated " + to_text(seconds(*previous_ns_ - row.time_ns)) +
                         " before the row above it (on_unsorted: sort puts them in order)",
                     row.time_column);
    }
  }
  previous_ns_ = row.time_ns;
  if (options_.on_unsorted == OnUnsorted::sort) {
    to_sort_.push_back(std::move(row));
  } else {
    emit(std::move(row));
  }
}

bool RowSelection::is_full() const {
  return options_.on_unsorted == OnUnsorted::reject && has_emitted_all();
}

bool RowSelection::has_emitted_all() const {
  return options_.max_requests && trace_.account.emitted >= *options_.max_requests;
}

void RowSelection::finish() {
  std::stable_sort(to_sort_.begin(), to_sort_.end(),
                   [](const TraceRow& a, const TraceRow& b) { return a.time_ns < b.time_ns; });
  for (TraceRow& row : to_sort_) emit(std::move(row));
  to_sort_.clear();
  trace_.account.warnings = census_.warnings(trace_.format, options_);
}

bool RowSelection::is_inside_window(std::int64_t time_ns) const {
  return time_ns >= start_ns_ && (!end_ns_ || time_ns < *end_ns_);
}

void RowSelection::emit(TraceRow&& row) {
  if (!origin_ns_) origin_ns_ = row.time_ns;
  const std::int64_t time_ns = row.time_ns - *origin_ns_;
  if (!is_inside_window(time_ns)) return drop("outside-window");
  if (row.output_tokens == 0) return drop("zero-output");
  if (exceeds_context(row, options_)) return drop("over-context");
  if (has_emitted_all()) {
    trace_.account.truncated = true;
    return drop("beyond-max-requests");
  }
  census_.add(time_ns);
  const Seconds arrival{seconds(time_ns - start_ns_).value / options_.time_scale};
  trace_.requests.push_back({trace_.account.emitted, arrival, row.input_tokens, row.output_tokens,
                             std::move(row.prefix_blocks)});
  ++trace_.account.emitted;
}

}  // namespace kvferry::workloads
