#include "workloads/seconds_text.hpp"

#include "workloads/trace_row.hpp"

#include <charconv>
#include <cmath>

namespace kvferry::workloads {
namespace {

constexpr double kLatestSeconds = 9.2e9;  // below 2^63 ns
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

std::optional<double> real_number(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool ok = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return ok && std::isfinite(value) ? std::optional{value} : std::nullopt;
}

DecimalTime parse_seconds(const FieldText& field) {
  const auto value = real_number(field.text);
  if (!value || !(*value >= 0 && *value <= kLatestSeconds)) {
    throw bad_value("bad-timestamp", field, "a number of seconds from 0 to 292 years");
  }
  // Whole seconds stay exact beyond 2^53 ns.
  const auto whole = whole_number(field.text);
  return {whole ? *whole * kNsPerSecond : std::llround(*value * 1e9), {*value}};
}

}  // namespace kvferry::workloads
