// What a trace format has to say: how a line becomes a row. To add a format, implement TraceRows
// and name it in make_trace_rows (read_trace.cpp).
#pragma once

#include "workloads/text_file.hpp"
#include "workloads/trace.hpp"
#include "workloads/trace_row.hpp"

#include <cstdint>
#include <string_view>

namespace kvferry::workloads {

/// Where a format's dates count from.
enum class TimeOrigin : std::uint8_t {
  trace_start,    ///< dates are relative already
  first_row,      ///< dates are absolute; the earliest good row is the trace's start
  session_start,  ///< every session counts from its own start, so that rows have no order
};

class TraceRows {
 public:
  virtual ~TraceRows() = default;

  /// @throws RowFault for a fault of the row, InputError for one of the file.
  virtual TraceRow parse(std::string_view line) = 0;

  /// To be called after the last row. @throws InputError for what only the whole file tells.
  virtual void check_whole_file() const {}

  virtual TimeOrigin time_origin() const = 0;

  /// Tokens per prefix block; 0 when no row named its blocks.
  virtual std::int64_t block_tokens() const { return 0; }
};

}  // namespace kvferry::workloads
