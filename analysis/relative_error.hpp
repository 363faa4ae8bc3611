// How far predictions are from what was measured.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::analysis {

/// predicted / measured - 1: above 0 where the prediction is too high. @pre measured > 0
double relative_error(double predicted, double measured);

/// Of a set of relative errors; percentiles by nearest rank, as in distribution.hpp.
struct ErrorFigures {
  std::int64_t count{};
  double mean{};    ///< of the magnitudes
  double median{};  ///< likewise
  double p90{};     ///< likewise
  double bias{};    ///< mean with signs
};

/// Nothing when there are no errors.
std::optional<ErrorFigures> error_figures_of(const std::vector<double>& errors);

}  // namespace kvferry::analysis
