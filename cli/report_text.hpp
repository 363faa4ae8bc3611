// Results as text for people.
#pragma once

#include "analysis/comparison.hpp"
#include "cli/execution.hpp"

#include <string>
#include <vector>

namespace kvferry::cli {

/// One run, or several side by side with the speed-up of the later ones over the first.
struct ReportColumn {
  std::string label;
  const PreparedRun* run;
  const FinishedRun* finished;
  const analysis::Comparison* comparison;  ///< with the first column; null for the first
};

std::string report_text(const std::vector<ReportColumn>& columns);

}  // namespace kvferry::cli
