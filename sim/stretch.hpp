// Iterations of an engine that follow one another without any decision between them: when each of
// them ends.
#pragma once

#include "sim/iteration_time.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace kvferry::sim {

class Stretch {
 public:
  Stretch() = default;
  /// Iteration k, from 0, lasts series.first + k * series.step.
  Stretch(Seconds start, DecodeSeries series, std::int64_t length)
      : start_(start), series_(series), length_(length) {}
  /// Iteration k ends at ends[k].
  Stretch(Seconds start, std::vector<Seconds> ends)
      : start_(start), length_(static_cast<std::int64_t>(ends.size())), ends_(std::move(ends)) {}

  Seconds start() const { return start_; }
  std::int64_t length() const { return length_; }
  void shorten(std::int64_t length) { length_ = length; }

  /// When `iterations` of them, 0 to length(), have ended.
  Seconds end_of(std::int64_t iterations) const;
  /// How many have ended by then, at most length().
  std::int64_t ended_by(Seconds date) const;
  /// The same for the next boundary: the fewest iterations, at least one, that end then or later.
  std::int64_t next_boundary(Seconds date) const;

 private:
  std::int64_t guess(Seconds date) const;

  Seconds start_{};
  DecodeSeries series_{};
  std::int64_t length_ = 0;
  std::vector<Seconds> ends_;
};

}  // namespace kvferry::sim
