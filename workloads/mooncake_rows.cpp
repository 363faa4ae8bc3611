#include "workloads/mooncake_rows.hpp"

#include "workloads/session_finder.hpp"

#include <cmath>
#include <optional>
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
                     file),
      contexts_(options.block_tokens) {}

TraceRow MooncakeRows::parse(std::string_view line) {
  try {
    return parse_row(line);
  } catch (const RowFault&) {
    turns_.lose(session_named_in(line));
    throw;
  }
}

TraceRow MooncakeRows::parse_row(std::string_view line) {
  MooncakeRow parsed = parse_mooncake_json(line, dialect_, file_);
  if (parsed.name) names_.add({"request_id", *parsed.name});
  place_in_session(parsed);
  read_prefix(parsed);
  check_context(parsed.row, options_, 0);
  for (const std::string_view key : parsed.ignored_keys) ++account_.ignored_keys[std::string(key)];
  return std::move(parsed.row);
}

void MooncakeRows::place_in_session(MooncakeRow& parsed) {
  TurnRecord record{parsed.session, {}, {}};
  if (parsed.has_date) record.time_ns = parsed.row.time_ns;
  if (parsed.delay_s) {
    record.delay = checked_delay({parsed.delay_key, parsed.delay_text}, parsed.delay_s);
  }
  const bool is_later_turn = !parsed.session.empty() && turns_.has_begun(parsed.session);
  parsed.row.turn = turns_.next(record);
  if (!is_later_turn) {
    check_start(parsed);
    if (!parsed.has_date) parsed.row.dated_by = DatedBy::nothing;
    return;
  }
  if (!record.delay) return;
  parsed.row.dated_by = DatedBy::turn_before;
  if (parsed.has_date) ++account_.ignored_keys["timestamp"];
}

// Without any dates, all sessions are there from the start, as a closed loop of clients wants it.
void MooncakeRows::check_start(const MooncakeRow& parsed) {
  if (starts_ == Starts::unknown) starts_ = parsed.has_date ? Starts::dated : Starts::undated;
  if ((starts_ == Starts::dated) != parsed.has_date) {
    file_.refuse_line(parsed.has_date
                          ? "this session starts at a 'timestamp', those above have none"
                          : "this session has no 'timestamp', those above have one");
  }
}

void MooncakeRows::read_prefix(MooncakeRow& parsed) {
  const bool grows = options_.turn_input == TurnInput::delta && !parsed.session.empty();
  const bool is_later_turn = parsed.row.turn.after != -1;
  prefix_checks_.check(parsed.row, grows && is_later_turn ? IdMeaning::content : IdMeaning::prefix);
  if (grows) contexts_.grow(parsed.session, parsed.row);
}

}  // namespace kvferry::workloads
