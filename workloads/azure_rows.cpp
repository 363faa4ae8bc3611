#include "workloads/azure_rows.hpp"

namespace kvferry::workloads {

AzureRows::AzureRows(TextFile& file, const TraceOptions& options)
    : file_(file),
      options_(options),
      columns_(file, {"TIMESTAMP", "ContextTokens", "GeneratedTokens"}),
      timestamp_(columns_.require("TIMESTAMP", file)),
      input_(columns_.require("ContextTokens", file)),
      output_(columns_.require("GeneratedTokens", file)) {}

TraceRow AzureRows::parse(std::string_view line) {
  const auto fields = columns_.split(line);
  const FieldText& input = fields[input_];
  const FieldText& output = fields[output_];
  TraceRow row;
  row.time_ns = checked_time(fields[timestamp_]);
  row.time_column = fields[timestamp_].column;
  row.input_tokens = checked_tokens(kBadInputTokens, input, whole_number(input.text));
  row.output_tokens =
      checked_output_tokens(output, whole_number(output.text), options_.on_zero_output);
  check_context(row, options_, input.column);
  return row;
}

std::int64_t AzureRows::checked_time(const FieldText& field) {
  const Timestamp timestamp = parse_timestamp(field);
  if (!zone_) zone_ = timestamp.zone;
  if (timestamp.zone != *zone_) {
    file_.refuse_line("dates with and without a zone are mixed; the rows above have " +
                          std::string(*zone_ == ZoneText::present ? "one" : "none") + ", found " +
                          excerpt(field.text),
                      field.column);
  }
  return timestamp.utc_ns;
}

}  // namespace kvferry::workloads
