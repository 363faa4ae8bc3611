// One row of a trace, whatever its format, and the checks that every format shares.
#pragma once

#include "workloads/row_fault.hpp"
#include "workloads/trace.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

struct TraceRow {
  std::int64_t time_ns{};        ///< since the format's own zero: the trace's start, or 1970
  std::int32_t time_column{};    ///< where the date stands in its line; 0 without columns
  std::int64_t input_tokens{};   ///< at least 1
  std::int64_t output_tokens{};  ///< at least 0
  bool has_prefix_blocks{};      ///< the row names its blocks
  std::vector<std::uint64_t> prefix_blocks;
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

/// The field's value as a length. @throws RowFault of that reason unless it is 1 ... kMostTokens.
std::int64_t checked_tokens(std::string_view reason, const FieldText& field,
                            std::optional<std::int64_t> value);

/// Likewise for an answer, where 0 is a fault of its own or passes, as the policy says.
std::int64_t checked_output_tokens(const FieldText& field, std::optional<std::int64_t> value,
                                   OnZeroOutput on_zero_output);

bool exceeds_context(const TraceRow& row, const TraceOptions& options);

/// @throws RowFault, at that column, when the row exceeds the context and the policy is to reject.
void check_context(const TraceRow& row, const TraceOptions& options, std::int32_t column);

}  // namespace kvferry::workloads
