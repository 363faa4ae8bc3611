// requests.csv: one row per request, in order of arrival.
#pragma once

#include "sim/base/record.hpp"

#include <iosfwd>
#include <span>

namespace kvferry::analysis {

/// Dates and times in seconds, shortest decimals that read back exactly; empty where a request did
/// not get.
void write_requests_csv(std::ostream& out, std::span<const RequestRecord> records);

}  // namespace kvferry::analysis
