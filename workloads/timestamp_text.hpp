// Calendar dates as logs write them, exact to the nanosecond.
#pragma once

#include "workloads/row_fault.hpp"

#include <cstdint>

namespace kvferry::workloads {

enum class ZoneText : std::uint8_t { absent, present };

struct Timestamp {
  std::int64_t utc_ns{};  ///< since 1970-01-01 00:00 UTC; a date without a zone is taken as UTC
  ZoneText zone{};
};

/// Reads "YYYY-MM-DD HH:MM:SS", ' ' or 'T' between date and time, with up to nine fractional digits
/// and an optional zone 'Z' or '+HH:MM'. Years 1970 to 2261; no leap seconds.
/// @throws RowFault naming what is allowed.
Timestamp parse_timestamp(const FieldText& field);

}  // namespace kvferry::workloads
