// Fits what a serving stack adds to its kernels to measured iterations.
//
// Every time is linear in seven coefficients: t = features * theta. They minimise the relative
// error, sum w (features * theta / t - 1)^2, with Huber weights w (errors above 10 % count
// linearly, 8 reweightings) and a ridge towards round numbers, 0.1 sum ((theta - theta0) / sigma)^2,
// which decides where the measurements do not; none may be negative.
//   theta0 = (1, 1, 1, 1 us, 1 ms, 20 us, 2), sigma = (0.3, 0.3, 0.5, 1 us, 1 ms, 30 us, 2)
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvferry::analysis {

/// In this order: GEMMs, attention and all-reduce in seconds, number of small kernels, of
/// iterations, of sequences that emit a token, element-wise traffic in seconds.
inline constexpr std::size_t kStackCoefficients = 7;
using StackCoefficients = std::array<double, kStackCoefficients>;

/// One measured iteration.
struct StackTiming {
  StackCoefficients features{};
  double measured_s{};  ///< above 0
  std::string group;    ///< what is left out together, such as a model on so many GPUs
};

/// The coefficients before any measurement.
StackCoefficients stack_prior();

StackCoefficients fit_stack(std::span<const StackTiming> timings);

double predicted_s(const StackTiming& timing, const StackCoefficients& coefficients);

/// |predicted / measured - 1| of each timing.
std::vector<double> relative_errors(std::span<const StackTiming> timings,
                                    const StackCoefficients& coefficients);

/// Likewise, each timing predicted by a fit to all other groups; nothing with fewer than two.
std::optional<std::vector<double>> held_out_errors(std::span<const StackTiming> timings);

}  // namespace kvferry::analysis
