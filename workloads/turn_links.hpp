// How the turns of a conversation follow one another once rows have become requests: which request
// a turn waits for, from when on it may be sent, and how long its sender thinks.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/trace.hpp"
#include "workloads/trace_row.hpp"

#include <cstdint>
#include <unordered_map>

namespace kvferry::workloads {

/// What became of a row.
enum class RowFate : std::uint8_t {
  emitted,
  dropped,   ///< the rest of its session makes no sense without it
  outside,   ///< of the window: what follows begins inside of it
  unwanted,  ///< the options leave it out: what follows it follows the row before it
};

/// When a turn is sent: at `sent_ns` of the trace's clock, and `think` after the end of `after`.
struct SentTurn {
  std::int64_t sent_ns{};
  std::int64_t after = -1;  ///< id of a request; -1: none
  Seconds think{};
  bool is_orphan{};  ///< the turn before is not in the trace or its window
};

class TurnLinks {
 public:
  /// The options must outlive the object.
  explicit TurnLinks(const TraceOptions& options) : options_(options) {}

  /// To be called for every good row, in file order. Rows that have no date get that of the turn
  /// before. @throws RowFault when such a turn is to be sent by its date.
  void date(TraceRow& row);

  /// Whether the turn before was dropped, so that this one must be too.
  bool is_cut_off(const Turn& turn) const;

  /// The turn of a row that is going to be emitted as request `id`; time_ns is the row's date.
  SentTurn send(const TraceRow& row, std::int64_t time_ns, std::int64_t id);

  /// The row is not emitted.
  void leave_out(const Turn& turn, RowFate fate);

 private:
  struct Known {
    RowFate fate{};
    std::int64_t request = -1;
    std::int64_t time_ns{};  // recorded
    std::int64_t sent_ns{};  // with long gaps cut
    std::int64_t busy_ns{};
  };

  const Known* turn_before(const Turn& turn) const;
  SentTurn follow(const Known& before, const TraceRow& row, std::int64_t time_ns) const;
  double longest_idle_s() const;

  const TraceOptions& options_;
  std::unordered_map<std::int64_t, std::int64_t> dates_;  // of turns as they are written, by rank
  std::unordered_map<std::int64_t, Known> known_;         // by rank
};

}  // namespace kvferry::workloads
