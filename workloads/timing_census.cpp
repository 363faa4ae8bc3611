#include "workloads/timing_census.hpp"

#include "sim/base/quantity_text.hpp"

namespace kvferry::workloads {
namespace {

constexpr double kHighestRatePerSecond = 1e4;
constexpr double kLowestRatePerSecond = 1e-4;

// A trace in milliseconds with this many rows in so short a time is probably one in seconds.
constexpr std::int64_t kManyRows = 1000;
constexpr double kShortSpanSeconds = 10;

}  // namespace

void TimingCensus::add(std::int64_t time_ns) {
  if (rows_ == 0) {
    first_ns_ = time_ns;
  } else if (time_ns == last_ns_) {
    ++zero_gaps_;
  }
  last_ns_ = time_ns;
  ++rows_;
}

double TimingCensus::span_s() const {
  return static_cast<double>(last_ns_ - first_ns_) / 1e9;
}

std::vector<std::string> TimingCensus::warnings(TraceFormat format,
                                                const TraceOptions& options) const {
  std::vector<std::string> sentences;
  if (rows_ < 2) return sentences;
  const std::int64_t gaps = rows_ - 1;
  if (2 * zero_gaps_ > gaps && !options.expects_equal_dates) {
    sentences.push_back(
        std::to_string(zero_gaps_) + " of " + std::to_string(gaps) +
        " gaps between requests are zero: the trace's clock is coarse (Mooncake's "
        "ticks every 3 s), so the queueing of whole batches is measured (dequantize "
        "spreads them)");
  }
  if (zero_gaps_ == gaps) return sentences;  // no time passes: a rate would mean nothing
  const double rate = static_cast<double>(gaps) / span_s();
  if (rate > kHighestRatePerSecond || rate < kLowestRatePerSecond) {
    sentences.push_back("the trace has " + shortest_decimal(rate) +
                        " requests per second: is the unit of its timestamps right?");
  }
  const bool in_milliseconds = format == TraceFormat::mooncake && !options.time_unit;
  if (in_milliseconds && rows_ > kManyRows && span_s() < kShortSpanSeconds) {
    sentences.push_back(std::to_string(rows_) + " requests within " + shortest_decimal(span_s()) +
                        " s: timestamps are read as milliseconds, are they seconds?");
  }
  return sentences;
}

}  // namespace kvferry::workloads
