// Reading request traces. Start here: read_trace(path, format, options).
//
// The principle is never to guess silently. A file is refused at the first fault unless the caller
// asks for bad rows to be skipped, and every row ends in exactly one counter: rows_read = emitted +
// sum of dropped. Faults of the file itself are always fatal. Formats and rules:
// workloads/README.md.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/request.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

enum class TraceFormat : std::uint8_t {
  mooncake,
  azure,
  burstgpt,
  csv,
  vidur,
  qwen,
  weka,
  servegen
};
inline constexpr std::array<std::string_view, 8> kTraceFormatNames{
    "mooncake", "azure", "burstgpt", "csv", "vidur", "qwen", "weka", "servegen"};
constexpr std::string_view name_of(TraceFormat format) {
  return kTraceFormatNames[static_cast<std::size_t>(format)];
}

enum class OnBadRow : std::uint8_t { reject, skip };
enum class OnUnsorted : std::uint8_t { reject, sort };
enum class OnOverContext : std::uint8_t { drop, reject };
/// With prefill_only the request's answer is the one token that its prefill gives.
enum class OnZeroOutput : std::uint8_t { reject, drop, prefill_only };

/// When the later turns of a session are sent. A recorded delay counts from the end of the turn
/// before, whatever is chosen here.
enum class Replay : std::uint8_t {
  ordered,  ///< at their date, but not before the turn before has ended
  closed,   ///< as long after the end of the turn before as they were in the record
  open,     ///< at their date, whatever has ended
};

inline constexpr std::array<std::string_view, 3> kReplayNames{"ordered", "closed", "open"};
constexpr std::string_view name_of(Replay replay) {
  return kReplayNames[static_cast<std::size_t>(replay)];
}

/// What the input length of a session's later turns counts.
enum class TurnInput : std::uint8_t {
  full,   ///< the whole context
  delta,  ///< the new text, to which the client prepends all earlier prompts and answers
};

/// What the date of a sub-agent's entry stands for.
enum class SubagentMarker : std::uint8_t { completion, spawn };

struct TraceOptions {
  /// Skipped rows are counted; more than max(1000, 1 % of the rows read) are fatal all the same.
  OnBadRow on_bad_row = OnBadRow::reject;
  /// Sorting is stable and holds the whole file in memory.
  OnUnsorted on_unsorted = OnUnsorted::reject;
  OnZeroOutput on_zero_output = OnZeroOutput::reject;
  OnOverContext on_over_context = OnOverContext::drop;
  std::optional<std::int64_t> max_context_tokens;  ///< input + output; no limit when absent
  std::int64_t block_tokens = 512;                 ///< tokens per hash id (mooncake, qwen)
  bool allow_missing_prefix = false;               ///< rows with and without hash ids may be mixed
  std::optional<Seconds> time_unit;  ///< of numeric timestamps; the format's own when absent
  bool expects_equal_dates = false;  ///< no warning when most requests share their date
  Seconds start{};                   ///< rows before this date of the trace are left out
  std::optional<Seconds> duration;   ///< and rows from start + duration on
  std::optional<std::int64_t> max_requests;  ///< reading stops after this many were emitted
  /// Arrivals and think times are divided by this: 2 replays the trace twice as fast.
  double time_scale = 1;
  Replay replay = Replay::ordered;
  TurnInput turn_input = TurnInput::full;  ///< (mooncake)
  /// Longest time that a session is idle between two turns; longer gaps are cut to it.
  std::optional<Seconds> idle_gap_cap;
  SubagentMarker subagent_marker = SubagentMarker::completion;  ///< (weka)
  std::optional<PerSecond> rate;        ///< (servegen) mean of all clients; their own when absent
  std::optional<std::string> model;     ///< (burstgpt) rows of other models are left out
  std::optional<std::string> log_type;  ///< (burstgpt) likewise
  bool ignore_delays = false;           ///< turns follow the end of the turn before at once
};

/// The options as the format's publishers mean their rows: block size, order, answers of 0 tokens.
TraceOptions default_options(TraceFormat format);

/// Where every row went.
struct TraceAccount {
  std::int64_t rows_read{};
  std::int64_t emitted{};
  std::map<std::string, std::int64_t> dropped;  ///< reason -> rows
  std::map<std::string, std::int64_t>
      ignored_keys;  ///< optional keys that were present and not used
  std::int64_t blank_lines{};
  std::int64_t unsorted_rows{};  ///< rows dated before the last good row above them
  std::int64_t sessions{};       ///< among the emitted requests
  /// Emitted turns whose predecessor the trace or its window lacks: they wait for nobody.
  std::int64_t orphan_turns{};
  std::int64_t prefill_only{};  ///< emitted rows whose answer of 0 tokens became 1
  bool byte_order_mark{};
  bool truncated{};  ///< max_requests was reached before the end of the file
  std::vector<std::string> warnings;
};

struct Trace {
  std::vector<Request> requests;
  TraceAccount account;
  std::string path;
  TraceFormat format{};
  std::int64_t file_bytes{};    ///< of the part that was read
  std::uint64_t fingerprint{};  ///< FNV-1a of that part; of a folder: all of its files'
  std::int64_t block_tokens{};  ///< tokens per prefix block; 0 when the trace has none
};

/// Reads a trace file or a folder of conversations (weka), or draws requests of a folder of clients
/// (servegen) from streams of that seed. The first emitted request arrives at its own date relative to options.start,
/// scaled; ids are ranks in arrival order.
/// @throws InputError naming file, line, key, what was found and what is allowed.
Trace read_trace(const std::string& path, TraceFormat format, const TraceOptions& options,
                 std::uint64_t seed = 1);

}  // namespace kvferry::workloads
