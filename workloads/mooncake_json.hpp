// One line of a Mooncake trace: a JSON object, read strictly.
#pragma once

#include "workloads/text_file.hpp"
#include "workloads/trace_row.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

/// A row, what it says about its conversation, and those of its keys that have no effect (their
/// names live as long as the program).
struct MooncakeRow {
  TraceRow row;
  std::string session;              ///< empty: none
  bool has_date{};                  ///< always, but for turns of a session
  std::optional<double> delay_s;    ///< as it is written: perhaps negative
  std::string delay_text;           ///< the same
  std::string_view delay_key;       ///< the name that it has
  std::optional<std::string> name;  ///< of the request
  std::vector<std::string_view> ignored_keys;
};

struct MooncakeDialect {
  double timestamp_unit_ns{};  ///< nanoseconds that a timestamp or delay of 1 stands for
  std::int64_t most_ids{};     ///< longest array of hash ids that is read
  OnZeroOutput on_zero_output{};
};

/// Reads the line. 64-bit hash ids never pass through a double.
/// @throws RowFault for a fault of the row; InputError, with the place in `file`, for keys that are
/// repeated or not supported, for nesting deeper than 64 and for an endless array of ids.
MooncakeRow parse_mooncake_json(std::string_view line, const MooncakeDialect& dialect,
                                const TextFile& file);

}  // namespace kvferry::workloads
