// Results through a pipe, in blocks: a writer where the simulation runs, a reader where its results
// are wanted. Both sides are one program, so values travel as they lie in memory.
#pragma once

#include "sim/base/result_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvferry::sim {

/// How a run failed.
struct StreamedFailure {
  enum class Kind : std::uint8_t { wrong_input, run_failed };
  Kind kind;
  std::string message;
};

class ResultStreamWriter final : public ResultSink {
 public:
  /// @param descriptor stays the caller's
  explicit ResultStreamWriter(int descriptor) : descriptor_(descriptor) {}

  /// Blocks while the pipe is full. @throws std::system_error
  void record(const RequestRecord& record) override;
  void token_gaps(const TokenGapRun& run) override;

  /// What ends a stream: one of these, once.
  void finish(const SimulationSums& sums);
  void fail(const StreamedFailure& failure);

 private:
  int descriptor_;
  std::vector<RequestRecord> records_;
  std::vector<TokenGapRun> token_gaps_;
};

class ResultStreamReader {
 public:
  explicit ResultStreamReader(ResultSink& sink);

  /// Reads once, waiting if there is nothing yet, and hands on the blocks that are complete. False
  /// at the end of the stream.
  bool read(int descriptor);

  /// Nothing before the end, or when the writer ended before it said either.
  const std::optional<SimulationSums>& sums() const { return sums_; }
  const std::optional<StreamedFailure>& failure() const { return failure_; }

 private:
  void hand_on_complete_blocks();
  void hand_on(std::uint64_t kind, std::span<const std::byte> content);

  ResultSink& sink_;
  std::vector<std::byte> buffer_;
  std::size_t filled_ = 0;
  NetworkUse network_;
  std::optional<SimulationSums> sums_;
  std::optional<StreamedFailure> failure_;
};

}  // namespace kvferry::sim
