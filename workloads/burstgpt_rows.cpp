#include "workloads/burstgpt_rows.hpp"

#include "workloads/seconds_text.hpp"

#include <string>

namespace kvferry::workloads {

BurstGptRows::BurstGptRows(TextFile& file, const TraceOptions& options)
    : options_(options),
      columns_(file, {"Timestamp", "Session ID", "Elapsed time", "Model", "Request tokens",
                      "Response tokens", "Total tokens", "Log Type"}),
      timestamp_(columns_.require("Timestamp", file)),
      model_(columns_.require("Model", file)),
      input_(columns_.require("Request tokens", file)),
      output_(columns_.require("Response tokens", file)),
      total_(columns_.require("Total tokens", file)),
      log_type_(columns_.require("Log Type", file)),
      session_(columns_.find("Session ID")),
      elapsed_(columns_.find("Elapsed time")) {}

TraceRow BurstGptRows::parse(std::string_view line) {
  const auto fields = columns_.split(line);
  try {
    return parse_fields(fields);
  } catch (const RowFault&) {
    if (session_) turns_.lose(fields[*session_].text);
    throw;
  }
}

TraceRow BurstGptRows::parse_fields(const Fields& fields) {
  TraceRow row;
  row.time_ns = parse_seconds(fields[timestamp_]).ns;
  row.time_column = fields[timestamp_].column;
  read_lengths(fields, row);
  row.unwanted_for = unwanted(fields, row);
  const std::string_view session = session_ ? fields[*session_].text : std::string_view{};
  const std::int64_t busy = elapsed_ ? busy_ns(fields[*elapsed_]) : 0;
  row.turn = turns_.next({session, row.time_ns, std::nullopt});
  row.turn.busy_ns = busy;
  if (row.unwanted_for.empty()) check_context(row, options_, fields[input_].column);
  return row;
}

// A failed request has an answer of 0 tokens, and often a prompt of 0 too.
void BurstGptRows::read_lengths(const Fields& fields, TraceRow& row) const {
  const FieldText& input = fields[input_];
  const FieldText& output = fields[output_];
  row.output_tokens =
      checked_output_tokens(output, whole_number(output.text), options_.on_zero_output);
  const bool failed = row.output_tokens == 0 && options_.on_zero_output == OnZeroOutput::drop;
  const auto prompt = whole_number(input.text);
  row.input_tokens = failed && prompt == 0 ? 0 : checked_tokens(kBadInputTokens, input, prompt);
  const FieldText& total = fields[total_];
  const std::int64_t sum = row.input_tokens + row.output_tokens;
  if (whole_number(total.text) == sum) return;
  throw bad_value(kTotalMismatch, total,
                  "the sum of request and response, " + std::to_string(row.input_tokens) + " + " +
                      std::to_string(row.output_tokens) + " = " + std::to_string(sum));
}

std::int64_t BurstGptRows::busy_ns(const FieldText& elapsed) const {
  return elapsed.text.empty() ? 0 : parse_seconds(elapsed).ns;
}

// The user who met a failure went on without it, so that it does not end its session.
std::string_view BurstGptRows::unwanted(const Fields& fields, const TraceRow& row) const {
  if (options_.model && fields[model_].text != *options_.model) return "other-model";
  if (options_.log_type && fields[log_type_].text != *options_.log_type) return "other-log-type";
  const bool drops = options_.on_zero_output == OnZeroOutput::drop;
  return row.output_tokens == 0 && drops ? kZeroOutput : std::string_view{};
}

}  // namespace kvferry::workloads
