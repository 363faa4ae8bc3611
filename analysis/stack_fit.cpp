#include "analysis/stack_fit.hpp"

#include "analysis/non_negative_least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace kvferry::analysis {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr StackCoefficients kPrior{1, 1, 1, 1e-6, 1e-3, 20e-6, 2};
constexpr StackCoefficients kSigma{0.3, 0.3, 0.5, 1e-6, 1e-3, 30e-6, 2};
constexpr double kRidge = 0.1;
constexpr double kHuberError = 0.1;
constexpr int kReweightings = 8;
constexpr auto kCount = static_cast<Index>(kStackCoefficients);

// Rows of relative errors, and below them the ridge; unknowns are theta / sigma.
struct Rows {
  MatrixXd a;
  VectorXd b;
};

Rows rows_of(std::span<const StackTiming> timings) {
  const auto count = static_cast<Index>(timings.size());
  Rows rows{MatrixXd::Zero(count + kCount, kCount), VectorXd::Ones(count + kCount)};
  for (Index column = 0; column < kCount; ++column) {
    const auto k = static_cast<std::size_t>(column);
    for (Index row = 0; row < count; ++row) {
      const StackTiming& timing = timings[static_cast<std::size_t>(row)];
      rows.a(row, column) = timing.features[k] / timing.measured_s * kSigma[k];
    }
    rows.a(count + column, column) = std::sqrt(kRidge);
    rows.b(count + column) = std::sqrt(kRidge) * kPrior[k] / kSigma[k];
  }
  return rows;
}

// Square roots of the Huber weights; the ridge keeps its own.
VectorXd root_weights(const Rows& rows, const VectorXd& x) {
  VectorXd weights = (rows.a * x - rows.b).cwiseAbs();
  const Index timings = weights.size() - kCount;
  for (Index row = 0; row < weights.size(); ++row) {
    const bool outlier = row < timings && weights(row) > kHuberError;
    weights(row) = outlier ? std::sqrt(kHuberError / weights(row)) : 1;
  }
  return weights;
}

}  // namespace

StackCoefficients stack_prior() {
  return kPrior;
}

StackCoefficients fit_stack(std::span<const StackTiming> timings) {
  const Rows rows = rows_of(timings);
  VectorXd x = non_negative_least_squares(rows.a, rows.b);
  for (int i = 0; i < kReweightings; ++i) {
    const VectorXd weights = root_weights(rows, x);
    x = non_negative_least_squares(weights.asDiagonal() * rows.a, weights.asDiagonal() * rows.b);
  }
  StackCoefficients theta{};
  for (std::size_t k = 0; k < theta.size(); ++k) theta[k] = x(static_cast<Index>(k)) * kSigma[k];
  return theta;
}

double predicted_s(const StackTiming& timing, const StackCoefficients& coefficients) {
  return std::inner_product(coefficients.begin(), coefficients.end(), timing.features.begin(), 0.0);
}

std::vector<double> relative_errors(std::span<const StackTiming> timings,
                                    const StackCoefficients& coefficients) {
  std::vector<double> errors;
  for (const StackTiming& timing : timings)
    errors.push_back(std::abs(predicted_s(timing, coefficients) / timing.measured_s - 1));
  return errors;
}

std::optional<std::vector<double>> held_out_errors(std::span<const StackTiming> timings) {
  std::set<std::string> groups;
  for (const StackTiming& timing : timings) groups.insert(timing.group);
  if (groups.size() < 2) return std::nullopt;
  std::vector<double> errors;
  for (const std::string& group : groups) {
    std::vector<StackTiming> others;
    std::vector<StackTiming> left_out;
    for (const StackTiming& timing : timings)
      (timing.group == group ? left_out : others).push_back(timing);
    const auto of_group = relative_errors(left_out, fit_stack(others));
    errors.insert(errors.end(), of_group.begin(), of_group.end());
  }
  return errors;
}

}  // namespace kvferry::analysis
