// Turns decode iterations into gaps between tokens.
//
// Answers that had their latest token at the same date stay in step: their gaps are one run of
// iterations. Each of the others, fresh in the batch, has one gap of its own first.
#pragma once

#include "sim/base/result_sink.hpp"
#include "sim/live_request.hpp"
#include "sim/stretch.hpp"

#include <cstdint>
#include <span>

namespace kvferry::sim {

/// Iterations that have ended, each of which gave a token to every sequence of the batch.
struct DecodeRun {
  Seconds start;
  DecodeSeries series;
  std::int64_t iterations;
  std::int64_t sequences;  ///< those that are fresh included
  Seconds end_of_first;
  Seconds end_of_second;  ///< of the second iteration, when there is one
  Seconds end;
};

class TokenGaps {
 public:
  explicit TokenGaps(ResultSink& sink) : sink_(sink) {}

  /// Also dates the first tokens of `fresh`.
  void ended(const DecodeRun& run, std::span<Sequence* const> fresh);
  /// A token that comes with its cache, and not from a decode iteration.
  void delivered(Sequence& sequence, Seconds now);
  /// A token that came from computing a lost cache again.
  void recomputed(Sequence& sequence, Seconds now);

  /// When the batch as a whole had its latest tokens.
  Seconds latest() const { return latest_; }

 private:
  bool date_first(Sequence& sequence, const DecodeRun& run);

  ResultSink& sink_;
  Seconds latest_{kNever};
};

}  // namespace kvferry::sim
