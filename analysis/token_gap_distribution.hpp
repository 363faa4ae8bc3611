// The distribution of the gaps between tokens, from runs that are known in closed form: exact, and
// none of them is expanded.
#pragma once

#include "analysis/distribution.hpp"
#include "sim/base/result.hpp"
#include "sim/base/units.hpp"

#include <deque>
#include <optional>

namespace kvferry::analysis {

using TokenGapRuns = std::deque<TokenGapRun>;  ///< which grows without copying what it holds

/// Seconds, over the gaps that ended at `warmup` or later, each counted once per sequence. Nothing
/// when there are none.
std::optional<Distribution> distribution_of(const TokenGapRuns& runs, Seconds warmup);

}  // namespace kvferry::analysis
