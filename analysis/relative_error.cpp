#include "analysis/relative_error.hpp"

#include "analysis/distribution.hpp"

#include <cmath>
#include <numeric>
#include <utility>

namespace kvferry::analysis {

double relative_error(double predicted, double measured) {
  return predicted / measured - 1;
}

std::optional<ErrorFigures> error_figures_of(const std::vector<double>& errors) {
  std::vector<double> magnitudes;
  for (const double error : errors) magnitudes.push_back(std::abs(error));
  const auto distribution = distribution_of(std::move(magnitudes));
  if (!distribution) return std::nullopt;
  const double sum = std::accumulate(errors.begin(), errors.end(), 0.0);
  return ErrorFigures{distribution->count, distribution->mean, distribution->median,
                      distribution->p90, sum / static_cast<double>(errors.size())};
}

}  // namespace kvferry::analysis
