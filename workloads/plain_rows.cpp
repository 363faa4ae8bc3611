#include "workloads/plain_rows.hpp"

#include "workloads/seconds_text.hpp"

#include <limits>
#include <string>

namespace kvferry::workloads {

PlainRows::PlainRows(TextFile& file, const TraceOptions& options)
    : options_(options),
      columns_(file, {"arrival_s", "input_tokens", "output_tokens", "session_id", "think_s",
                      "priority", "request_id"}),
      arrival_(columns_.require("arrival_s", file)),
      input_(columns_.require("input_tokens", file)),
      output_(columns_.require("output_tokens", file)),
      session_(columns_.find("session_id")),
      think_(columns_.find("think_s")),
      priority_(columns_.find("priority")),
      request_(columns_.find("request_id")) {}

TraceRow PlainRows::parse(std::string_view line) {
  const auto fields = columns_.split(line);
  try {
    return parse_fields(fields);
  } catch (const RowFault&) {
    if (session_) turns_.lose(fields[*session_].text);
    throw;
  }
}

// Optional columns may be empty in any row.
const FieldText* PlainRows::stated(const Fields& fields,
                                   const std::optional<std::size_t>& column) const {
  return column && !fields[*column].text.empty() ? &fields[*column] : nullptr;
}

TraceRow PlainRows::parse_fields(const Fields& fields) {
  TraceRow row;
  TurnRecord record;
  const FieldText& input = fields[input_];
  const FieldText& output = fields[output_];
  row.input_tokens = checked_tokens(kBadInputTokens, input, whole_number(input.text));
  row.output_tokens =
      checked_output_tokens(output, whole_number(output.text), options_.on_zero_output);
  if (const FieldText* session = stated(fields, session_)) record.session = session->text;
  if (const FieldText* think = stated(fields, think_)) {
    record.delay = checked_delay(*think, real_number(think->text));
  }
  if (const FieldText* priority = stated(fields, priority_)) {
    row.priority = checked_priority(*priority, whole_number(priority->text));
  }
  read_date(fields[arrival_], row, record);
  if (const FieldText* request = stated(fields, request_)) names_.add(*request);
  row.turn = turns_.next(record);
  check_context(row, options_, input.column);
  return row;
}

// A later turn may leave its arrival open and say after how long it follows the turn before.
void PlainRows::read_date(const FieldText& arrival, TraceRow& row, TurnRecord& record) const {
  const bool may_be_open = record.delay && turns_.has_begun(record.session);
  if (arrival.text.empty() && may_be_open) {
    row.dated_by = DatedBy::turn_before;
    return;
  }
  const DecimalTime time = parse_seconds(arrival);
  row.time_ns = time.ns;
  row.exact_date = time.exact;
  row.time_column = arrival.column;
  record.time_ns = time.ns;
}

}  // namespace kvferry::workloads
