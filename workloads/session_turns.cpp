#include "workloads/session_turns.hpp"

#include "sim/base/quantity_text.hpp"

#include <algorithm>

namespace kvferry::workloads {
namespace {

void check_delay_of_first_turn(const std::optional<Seconds>& delay) {
  if (!delay || delay->value == 0) return;
  throw RowFault(
      "delay-on-first-turn",
      "a delay counts from the end of the turn before, and this is the first turn of its "
      "session; found a delay of " +
          to_text(*delay));
}

}  // namespace

SessionTurns::Conversation& SessionTurns::conversation(std::string_view session) {
  const auto next = static_cast<std::int64_t>(conversations_.size());
  return conversations_.try_emplace(std::string(session), Conversation{next}).first->second;
}

bool SessionTurns::has_begun(std::string_view session) const {
  return conversations_.count(std::string(session)) > 0;
}

void SessionTurns::lose(std::string_view session) {
  if (!session.empty()) conversation(session).last = kLostRow;
}

Turn SessionTurns::next(const TurnRecord& record) {
  Turn turn;
  turn.rank = rows_++;
  if (record.session.empty()) {
    check_delay_of_first_turn(record.delay);
    return turn;
  }
  Conversation& session = conversation(record.session);
  if (session.last == -1) {
    check_delay_of_first_turn(record.delay);
  } else if (!record.time_ns && !record.delay) {
    throw RowFault("undated-turn",
                   "the turn has neither a date nor a delay after the turn before it");
  } else if (record.time_ns && *record.time_ns < session.time_ns) {
    throw RowFault(
        "unsorted-turn",
        "the turn is dated " +
            to_text(Seconds{static_cast<double>(session.time_ns - *record.time_ns) / 1e9}) +
            " before the turn above it in its session");
  }
  turn.session = session.number;
  turn.after = session.last;
  turn.think = record.delay;
  session.time_ns = std::max(session.time_ns, record.time_ns.value_or(0));
  // Once a turn is lost, all that follow are cut off.
  if (session.last != kLostRow) session.last = turn.rank;
  return turn;
}

Seconds checked_delay(const FieldText& field, std::optional<double> seconds) {
  constexpr double kLongestSeconds = 9.2e9;
  if (!seconds || !(*seconds >= 0 && *seconds <= kLongestSeconds)) {
    throw bad_value(kBadDelay, field, "a delay from 0 to 292 years");
  }
  return {*seconds};
}

void RequestNames::add(const FieldText& name) {
  if (names_.insert(std::string(name.text)).second) return;
  throw bad_value("duplicate-request-id", name, "a name that no request above has");
}

}  // namespace kvferry::workloads
