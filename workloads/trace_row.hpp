// One row of a trace, whatever its format, and the checks that every format shares.
#pragma once

#include "workloads/row_fault.hpp"
#include "workloads/trace.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

/// The rank of a row that is not there because it was at fault.
inline constexpr std::int64_t kLostRow = -2;

/// A row's place in its conversation.
struct Turn {
  std::int64_t session = -1;  ///< from 0 in order of appearance; -1: none
  std::int64_t rank = -1;     ///< of the row, smaller than that of the turns that follow it
  std::int64_t after = -1;    ///< the rank of the turn before; -1: none, kLostRow: gone
  /// Recorded from the end of the turn before; absent: what is left of the gap between the dates.
  std::optional<Seconds> think;
  std::int64_t busy_ns{};  ///< from sending to the end of the answer in the record; 0: unknown
  bool is_orphan{};        ///< the trace lacks the turn before
};

/// What gives a turn its date.
enum class DatedBy : std::uint8_t {
  itself,
  turn_before,  ///< it has no date of its own, only a delay
  nothing,      ///< it begins a session of a trace without dates, at 0
};

struct TraceRow {
  std::int64_t time_ns{};        ///< since the format's own zero: the trace's start, or 1970
  std::int32_t time_column{};    ///< where the date stands in its line; 0 without columns
  std::int64_t input_tokens{};   ///< at least 1
  std::int64_t output_tokens{};  ///< at least 0
  bool has_prefix_blocks{};      ///< the row names its blocks
  std::vector<std::uint64_t> prefix_blocks;
  Turn turn;
  DatedBy dated_by = DatedBy::itself;
  /// The date in all digits, where nanoseconds are not all that the format can say.
  std::optional<Seconds> exact_date;
  std::int32_t priority{};          ///< the smaller, the more urgent
  std::string_view unwanted_for{};  ///< the counter of a row that the options leave out, or empty
};

/// Longest prompt or answer accepted, 2^31 - 1 tokens.
inline constexpr std::int64_t kMostTokens = 2'147'483'647;

/// The whole number that `text` spells ("512", "512.0"), if it does.
std::optional<std::int64_t> whole_number(std::string_view text);

/// The whole number equal to `value`, if there is one.
std::optional<std::int64_t> whole_number(double value);

/// Counters of rows whose lengths cannot be used.
inline constexpr std::string_view kBadInputTokens = "bad-input-tokens";
inline constexpr std::string_view kBadOutputTokens = "bad-output-tokens";
inline constexpr std::string_view kZeroOutput = "zero-output";
inline constexpr std::string_view kOverContext = "over-context";
inline constexpr std::string_view kTotalMismatch = "total-mismatch";

/// The field's value as a length. @throws RowFault of that reason unless it is 1 ... kMostTokens.
std::int64_t checked_tokens(std::string_view reason, const FieldText& field,
                            std::optional<std::int64_t> value);

/// Likewise for an answer, where 0 is a fault of its own or passes, as the policy says; a row that
/// is to be dropped or served for its prompt alone still has 0.
std::int64_t checked_output_tokens(const FieldText& field, std::optional<std::int64_t> value,
                                   OnZeroOutput on_zero_output);

/// The field's value as a priority. @throws RowFault unless it is within 32 bits.
std::int32_t checked_priority(const FieldText& field, std::optional<std::int64_t> value);

bool exceeds_context(const TraceRow& row, const TraceOptions& options);

/// @throws RowFault, at that column, when the row exceeds the context and the policy is to reject.
void check_context(const TraceRow& row, const TraceOptions& options, std::int32_t column);

}  // namespace kvferry::workloads
