#include "sim/stretch.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::sim {

Seconds Stretch::end_of(std::int64_t iterations) const {
  if (iterations == 0) return start_;
  if (!ends_.empty()) return ends_[static_cast<std::size_t>(iterations - 1)];
  const auto n = static_cast<double>(iterations);
  return start_ + series_.first * n + series_.step * (n * (n - 1) / 2);
}

// The root of start + first n + step n (n - 1) / 2 = date, rounded down; off by one at most.
std::int64_t Stretch::guess(Seconds date) const {
  if (!ends_.empty())
    return std::upper_bound(ends_.begin(), ends_.begin() + length_, date) - ends_.begin();
  const double elapsed = (date - start_).value;
  const double half_step = series_.step.value / 2;
  const double linear = series_.first.value - half_step;
  const double root = 2 * elapsed / (linear + std::sqrt(linear * linear + 4 * half_step * elapsed));
  return static_cast<std::int64_t>(std::clamp(root, 0.0, static_cast<double>(length_)));
}

std::int64_t Stretch::ended_by(Seconds date) const {
  std::int64_t iterations = guess(date);
  while (iterations < length_ && end_of(iterations + 1) <= date) ++iterations;
  while (iterations > 0 && end_of(iterations) > date) --iterations;
  return iterations;
}

std::int64_t Stretch::next_boundary(Seconds date) const {
  const std::int64_t ended = ended_by(date);
  if (ended > 0 && end_of(ended) == date) return ended;
  return std::min(ended + 1, length_);
}

}  // namespace kvferry::sim
