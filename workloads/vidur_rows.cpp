#include "workloads/vidur_rows.hpp"

#include "workloads/seconds_text.hpp"

namespace kvferry::workloads {

VidurRows::VidurRows(TextFile& file, const TraceOptions& options)
    : options_(options),
      columns_(file, {"arrived_at", "num_prefill_tokens", "num_decode_tokens"}),
      arrival_(columns_.require("arrived_at", file)),
      input_(columns_.require("num_prefill_tokens", file)),
      output_(columns_.require("num_decode_tokens", file)) {}

TraceRow VidurRows::parse(std::string_view line) {
  const auto fields = columns_.split(line);
  const FieldText& input = fields[input_];
  const FieldText& output = fields[output_];
  TraceRow row;
  row.time_ns = parse_seconds(fields[arrival_]).ns;
  row.time_column = fields[arrival_].column;
  row.input_tokens = checked_tokens(kBadInputTokens, input, whole_number(input.text));
  row.output_tokens =
      checked_output_tokens(output, whole_number(output.text), options_.on_zero_output);
  check_context(row, options_, input.column);
  return row;
}

}  // namespace kvferry::workloads
