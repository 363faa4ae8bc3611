#include "workloads/mooncake_rows.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace kvferry::workloads {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr Seconds kMillisecond{1e-3};

// 1e-6 s * 1e9 may miss 1000 by one bit; whole nanoseconds are meant.
double timestamp_unit_ns(const TraceOptions& options) {
  const double unit_ns = options.time_unit.value_or(kMillisecond).value * kNsPerSecond;
  const double whole = std::round(unit_ns);
  return std::abs(unit_ns - whole) <= 1e-9 * whole ? whole : unit_ns;
}

MooncakeDialect dialect_of(const TraceOptions& options) {
  return {timestamp_unit_ns(options), block_count(kMostTokens, options.block_tokens) + 1,
          options.on_zero_output};
}

}  // namespace

MooncakeRows::MooncakeRows(const TextFile& file, const TraceOptions& options, TraceAccount& account)
    : file_(file),
      options_(options),
      account_(account),
      dialect_(dialect_of(options)),
      prefix_checks_(options.block_tokens,
                     options.allow_missing_prefix ? MissingPrefix::allow : MissingPrefix::refuse,
                     file) {}

TraceRow MooncakeRows::parse(std::string_view line) {
  MooncakeRow parsed = parse_mooncake_json(line, dialect_, file_);
  check_context(parsed.row, options_, 0);
  prefix_checks_.check(parsed.row);
  for (const std::string_view key : parsed.ignored_keys) ++account_.ignored_keys[std::string(key)];
  return std::move(parsed.row);
}

}  // namespace kvferry::workloads
