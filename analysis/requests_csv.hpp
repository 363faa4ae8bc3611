// requests.csv: one row per request, in the order in which they were sent.
#pragma once

#include "sim/base/result_sink.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace kvferry::analysis {

/// Writes rows as records come, in blocks. Dates and times in seconds, shortest decimals that read
/// back exactly; empty where a request did not get.
class RequestsCsv final : public ResultSink {
 public:
  using Write = std::function<void(std::string_view)>;

  /// Writes nothing yet. @param write gets the file piece by piece
  explicit RequestsCsv(Write write);

  void record(const RequestRecord& record) override;
  void token_gaps(const TokenGapRun&) override {}

  /// Writes what is left; call once, when the run has succeeded.
  void finish();

 private:
  Write write_;
  std::string block_;
};

}  // namespace kvferry::analysis
