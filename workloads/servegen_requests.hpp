// The requests of one ServeGen client, one after another.
#pragma once

#include "sim/base/random.hpp"
#include "workloads/length_table.hpp"
#include "workloads/servegen_files.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kvferry::workloads {

/// A span of a trace's clock, in seconds.
struct Span {
  double begin_s{};
  double end_s{};
};

/// Each window is a stretch of a stationary renewal process with the window's rate and pattern;
/// prompts and answers are drawn independently, as they are published. Random streams carry the
/// client's name.
class ServeGenRequests {
 public:
  /// `factor` multiplies all rates. The client must outlive the object.
  ServeGenRequests(const ServeGenClient& client, const Span& span, double factor,
                   std::uint64_t seed);

  /// The date of the next request; nothing at the end of the span.
  std::optional<double> next_date();

  /// The lengths of the request of the latest date.
  LengthPair draw_lengths();

 private:
  bool begin_window();

  const ServeGenClient& client_;
  Span span_;
  double factor_;
  RandomStream arrivals_;
  RandomStream inputs_;
  RandomStream outputs_;
  std::size_t next_window_ = 0;
  std::optional<double> date_s_;  // of the latest event of the current window
  double window_end_s_ = 0;
};

/// How many requests the client's rates stand for within the span.
double expected_requests(const ServeGenClient& client, const Span& span);

}  // namespace kvferry::workloads
