#include "workloads/trace_row.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace kvferry::workloads {

std::optional<std::int64_t> whole_number(double value) {
  constexpr double kTwoTo63 = 0x1p63;
  if (!(std::abs(value) < kTwoTo63) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  const auto as_integer = std::from_chars(text.data(), end, whole);
  if (as_integer.ec == std::errc{} && as_integer.ptr == end) return whole;
  double real = 0;
  const auto as_real = std::from_chars(text.data(), end, real);
  if (as_real.ec != std::errc{} || as_real.ptr != end) return std::nullopt;
  return whole_number(real);
}

std::int64_t checked_tokens(std::string_view reason, const FieldText& field,
                            std::optional<std::int64_t> value) {
  if (!value || *value < 1 || *value > kMostTokens) {
    throw bad_value(reason, field,
                    "a whole number of tokens from 1 to " + std::to_string(kMostTokens));
  }
  return *value;
}

std::int64_t checked_output_tokens(const FieldText& field, std::optional<std::int64_t> value,
                                   OnZeroOutput on_zero_output) {
  if (value != 0) return checked_tokens(kBadOutputTokens, field, value);
  if (on_zero_output != OnZeroOutput::reject) return 0;
  throw bad_value(
      kZeroOutput, field,
      "at least 1 token (on_zero_output: drop leaves such rows out, prefill-only serves "
      "them for their prompt)");
}

std::int32_t checked_priority(const FieldText& field, std::optional<std::int64_t> value) {
  constexpr std::int64_t kMost = 2'147'483'647;  // so that every priority has its negative
  if (!value || *value < -kMost || *value > kMost) {
    throw bad_value(
        "bad-priority", field,
        "a whole number from -" + std::to_string(kMost) + " to " + std::to_string(kMost));
  }
  return static_cast<std::int32_t>(*value);
}

bool exceeds_context(const TraceRow& row, const TraceOptions& options) {
  return options.max_context_tokens &&
         row.input_tokens + row.output_tokens > *options.max_context_tokens;
}

void check_context(const TraceRow& row, const TraceOptions& options, std::int32_t column) {
  if (options.on_over_context != OnOverContext::reject || !exceeds_context(row, options)) return;
  throw RowFault(kOverContext,
                 "input + output = " + std::to_string(row.input_tokens) + " + " +
                     std::to_string(row.output_tokens) + " tokens exceed the context of " +
                     std::to_string(*options.max_context_tokens) + " tokens",
                 column);
}

}  // namespace kvferry::workloads
