// Summaries and comparisons as JSON, with the names that other people's scripts rely on.
#pragma once

#include "analysis/comparison.hpp"
#include "analysis/run_summary.hpp"

#include <nlohmann/json_fwd.hpp>

namespace kvferry::analysis {

/// Times in milliseconds where the name says `_ms`; null where there were no samples.
nlohmann::ordered_json to_json(const RunSummary& summary);
nlohmann::ordered_json to_json(const Comparison& comparison);

}  // namespace kvferry::analysis
