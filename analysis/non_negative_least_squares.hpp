// min |A x - b| over x >= 0: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23.
#pragma once

#include <Eigen/Core>

namespace kvferry::analysis {

/// @pre as many rows in A as in b. Columns that depend on each other share their effect as a QR
/// decomposition with pivots does. Stops after 30 exchanges per column at the latest, with the
/// best x so far.
Eigen::VectorXd non_negative_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

}  // namespace kvferry::analysis
