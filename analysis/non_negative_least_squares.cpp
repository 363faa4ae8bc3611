#include "analysis/non_negative_least_squares.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace kvferry::analysis {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Columns that may differ from zero.
using Passive = std::vector<bool>;

// The least-squares solution over the passive columns, zero elsewhere.
VectorXd solve_passive(const MatrixXd& a, const VectorXd& b, const Passive& passive) {
  std::vector<Index> columns;
  for (Index i = 0; i < a.cols(); ++i) {
    if (passive[static_cast<std::size_t>(i)]) columns.push_back(i);
  }
  if (columns.empty()) return VectorXd::Zero(a.cols());
  const MatrixXd chosen = a(Eigen::all, columns);
  const VectorXd solution = chosen.colPivHouseholderQr().solve(b);
  VectorXd x = VectorXd::Zero(a.cols());
  for (std::size_t i = 0; i < columns.size(); ++i) x(columns[i]) = solution(static_cast<Index>(i));
  return x;
}

// The column at zero whose increase would lower the residual fastest, or -1.
Index steepest(const MatrixXd& a, const VectorXd& b, const VectorXd& x, const Passive& passive) {
  const VectorXd gradient = a.transpose() * (b - a * x);
  const double tolerance = 1e-12 * (a.transpose() * b).cwiseAbs().maxCoeff();
  Index best = -1;
  for (Index i = 0; i < a.cols(); ++i) {
    if (passive[static_cast<std::size_t>(i)] || gradient(i) <= tolerance) continue;
    if (best < 0 || gradient(i) > gradient(best)) best = i;
  }
  return best;
}

// How far one may go from x towards the target before a passive column turns negative.
double feasible_share(const VectorXd& x, const VectorXd& target, const Passive& passive) {
  double share = 1;
  for (Index i = 0; i < x.size(); ++i) {
    if (passive[static_cast<std::size_t>(i)] && target(i) <= 0)
      share = std::min(share, x(i) / (x(i) - target(i)));
  }
  return share;
}

}  // namespace

VectorXd non_negative_least_squares(const MatrixXd& a, const VectorXd& b) {
  VectorXd x = VectorXd::Zero(a.cols());
  Passive passive(static_cast<std::size_t>(a.cols()), false);
  for (Index exchanges = 0; exchanges < 30 * a.cols(); ++exchanges) {
    const Index entering = steepest(a, b, x, passive);
    if (entering < 0) return x;
    passive[static_cast<std::size_t>(entering)] = true;
    VectorXd target = solve_passive(a, b, passive);
    if (target(entering) <= 0) return x;  // only rounding made it enter
    for (double share = feasible_share(x, target, passive); share < 1;
         share = feasible_share(x, target, passive)) {
      x += share * (target - x);
      for (Index i = 0; i < x.size(); ++i) {
        const bool at_zero = target(i) <= 0 && x(i) <= 1e-15 * x.cwiseAbs().maxCoeff();
        if (!at_zero) continue;
        passive[static_cast<std::size_t>(i)] = false;
        x(i) = 0;
      }
      target = solve_passive(a, b, passive);
    }
    x = target;
  }
  return x;
}

}  // namespace kvferry::analysis
