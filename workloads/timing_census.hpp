// Do the dates of a trace look like what they claim to be? Warnings, never faults.
#pragma once

#include "workloads/trace.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::workloads {

/// Watches the dates of the emitted rows, in order.
class TimingCensus {
 public:
  void add(std::int64_t time_ns);

  /// Sentences about batched timestamps and about units that are probably wrong.
  std::vector<std::string> warnings(TraceFormat format, const TraceOptions& options) const;

 private:
  double span_s() const;

  std::int64_t rows_ = 0;
  std::int64_t zero_gaps_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
};

}  // namespace kvferry::workloads
