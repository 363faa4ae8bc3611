// The Mooncake traces (USENIX FAST 2025, github.com/kvcache-ai/Mooncake): JSON Lines with dates in
// milliseconds, prompt and answer lengths, and the ids of the prompt's blocks; and the conversations
// that AIPerf and Dynamo add to them.
#pragma once

#include "workloads/delta_contexts.hpp"
#include "workloads/mooncake_json.hpp"
#include "workloads/prefix_checks.hpp"
#include "workloads/session_turns.hpp"
#include "workloads/trace_format.hpp"

namespace kvferry::workloads {

class MooncakeRows final : public TraceRows {
 public:
  /// File, options and account must outlive the object.
  MooncakeRows(const TextFile& file, const TraceOptions& options, TraceAccount& account);

  TraceRow parse(std::string_view line) override;
  void check_whole_file() const override { prefix_checks_.check_whole_file(); }
  TimeOrigin time_origin() const override { return TimeOrigin::trace_start; }
  std::int64_t block_tokens() const override {
    return prefix_checks_.saw_ids() || contexts_.has_grown() ? options_.block_tokens : 0;
  }

 private:
  enum class Starts : std::uint8_t { unknown, dated, undated };

  TraceRow parse_row(std::string_view line);
  void place_in_session(MooncakeRow& parsed);
  void check_start(const MooncakeRow& parsed);
  void read_prefix(MooncakeRow& parsed);
  const TextFile& file_;
  const TraceOptions& options_;
  TraceAccount& account_;
  MooncakeDialect dialect_;
  PrefixChecks prefix_checks_;
  SessionTurns turns_;
  RequestNames names_;
  DeltaContexts contexts_;
  Starts starts_ = Starts::unknown;  // of the sessions above
};

}  // namespace kvferry::workloads
