// Times as decimal numbers of seconds.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/row_fault.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kvferry::workloads {

/// A date to the nearest nanosecond, and in all the digits that a double has.
struct DecimalTime {
  std::int64_t ns{};
  Seconds exact{};
};

/// The finite number that `text` spells, if it does.
std::optional<double> real_number(std::string_view text);

/// The field as a date in seconds. @throws RowFault unless it is a number from 0 to 292 years.
DecimalTime parse_seconds(const FieldText& field);

}  // namespace kvferry::workloads
