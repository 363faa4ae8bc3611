#include "workloads/turn_links.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kvferry::workloads {

void TurnLinks::date(TraceRow& row) {
  if (row.turn.session < 0) return;
  if (row.dated_by == DatedBy::turn_before) {
    if (options_.replay == Replay::open) {
      leave_out(row.turn, RowFate::dropped);
      throw RowFault("undated-turn",
                     "the turn has a delay instead of a date, so that it cannot be sent whatever "
                     "has ended (replay: ordered waits)");
    }
    const auto before = dates_.find(row.turn.after);
    row.time_ns = before == dates_.end() ? 0 : before->second;
  }
  dates_[row.turn.rank] = row.time_ns;
}

const TurnLinks::Known* TurnLinks::turn_before(const Turn& turn) const {
  const auto place = known_.find(turn.after);
  return place == known_.end() ? nullptr : &place->second;
}

bool TurnLinks::is_cut_off(const Turn& turn) const {
  if (turn.session < 0) return false;
  if (turn.after == kLostRow) return true;
  const Known* before = turn_before(turn);
  return before != nullptr && before->fate == RowFate::dropped;
}

void TurnLinks::leave_out(const Turn& turn, RowFate fate) {
  if (turn.session < 0) return;
  const Known* before = turn_before(turn);
  if (fate == RowFate::unwanted && before != nullptr) {
    known_[turn.rank] = Known(*before);
  } else {
    known_[turn.rank].fate = fate;
  }
}

SentTurn TurnLinks::send(const TraceRow& row, std::int64_t time_ns, std::int64_t id) {
  if (row.turn.session < 0) return {time_ns, -1, {}, false};
  const Known* before = turn_before(row.turn);
  SentTurn sent{time_ns, -1, {}, row.turn.is_orphan};
  if (before != nullptr && before->fate == RowFate::emitted) {
    sent = follow(*before, row, time_ns);
  } else if (before != nullptr && before->fate == RowFate::outside) {
    sent.is_orphan = true;
  }
  known_[row.turn.rank] = {RowFate::emitted, id, time_ns, sent.sent_ns, row.turn.busy_ns};
  return sent;
}

double TurnLinks::longest_idle_s() const {
  return options_.idle_gap_cap ? options_.idle_gap_cap->value
                               : std::numeric_limits<double>::infinity();
}

SentTurn TurnLinks::follow(const Known& before, const TraceRow& row, std::int64_t time_ns) const {
  if (options_.ignore_delays) return {before.sent_ns, before.request, {}, false};
  const std::int64_t gap_ns = std::max<std::int64_t>(0, time_ns - before.time_ns);
  const std::int64_t idle_ns = std::max<std::int64_t>(0, gap_ns - before.busy_ns);
  const double idle_s = static_cast<double>(idle_ns) / 1e9;
  const bool counts_from_end =
      row.dated_by == DatedBy::turn_before || options_.replay == Replay::closed;
  const double recorded_s = counts_from_end ? idle_s : 0;
  const Seconds think{
      std::min(row.turn.think.value_or(Seconds{recorded_s}).value, longest_idle_s())};
  if (counts_from_end) return {before.sent_ns, before.request, think, false};
  const std::int64_t cut_ns =
      idle_s > longest_idle_s() ? idle_ns - std::llround(longest_idle_s() * 1e9) : 0;
  const std::int64_t sent_ns = before.sent_ns + gap_ns - cut_ns;
  if (options_.replay == Replay::open) return {sent_ns, -1, {}, false};
  return {sent_ns, before.request, think, false};
}

}  // namespace kvferry::workloads
