// Where a run's results go while it is under way, so that nobody has to hold all of them at once.
#pragma once

#include "sim/base/record.hpp"
#include "sim/base/result.hpp"

#include <utility>
#include <vector>

namespace kvferry {

/// Takes results as they become final. If the run fails, what came before it did is void.
class ResultSink {
 public:
  ResultSink() = default;
  ResultSink(const ResultSink&) = delete;
  ResultSink& operator=(const ResultSink&) = delete;
  virtual ~ResultSink() = default;

  /// Once per request, in the order in which they were sent: as soon as it and all sent before it
  /// have ended. Those that were never sent come last, by id.
  virtual void record(const RequestRecord& record) = 0;

  /// Once per run of gaps, in any order.
  virtual void token_gaps(const TokenGapRun& run) = 0;
};

/// Hands everything to several sinks, in their order.
class TeeSink final : public ResultSink {
 public:
  /// @param sinks none null; all must outlive this
  explicit TeeSink(std::vector<ResultSink*> sinks) : sinks_(std::move(sinks)) {}

  void record(const RequestRecord& record) override {
    for (ResultSink* sink : sinks_) sink->record(record);
  }
  void token_gaps(const TokenGapRun& run) override {
    for (ResultSink* sink : sinks_) sink->token_gaps(run);
  }

 private:
  std::vector<ResultSink*> sinks_;
};

/// Keeps everything: for runs small enough to be looked at whole.
class CollectingSink final : public ResultSink {
 public:
  void record(const RequestRecord& record) override { result_.records.push_back(record); }
  void token_gaps(const TokenGapRun& run) override { result_.token_gaps.push_back(run); }

  /// Call once, with what the run returned.
  SimulationResult take(SimulationSums sums) {
    result_.totals = sums.totals;
    result_.network = std::move(sums.network);
    return std::move(result_);
  }

 private:
  SimulationResult result_;
};

/// Hands over a result that is there already.
inline void replay(const SimulationResult& result, ResultSink& sink) {
  for (const RequestRecord& record : result.records) sink.record(record);
  for (const TokenGapRun& run : result.token_gaps) sink.token_gaps(run);
}

}  // namespace kvferry
