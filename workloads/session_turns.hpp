// Rows that name their conversation: which turn of it each row is. Turns follow one another in file
// order.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/trace_row.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace kvferry::workloads {

/// Names the counters of rows whose place in a session cannot be used.
inline constexpr std::string_view kBadDelay = "bad-delay";

/// What a row says about its place in a conversation.
struct TurnRecord {
  std::string_view session;             ///< empty: none
  std::optional<std::int64_t> time_ns;  ///< its date
  std::optional<Seconds> delay;         ///< after the end of the turn before
};

class SessionTurns {
 public:
  /// The row's turn. @throws RowFault for a delay of a first turn, a later turn with neither delay
  /// nor date, and dates that decrease within a session.
  Turn next(const TurnRecord& record);

  bool has_begun(std::string_view session) const;

  /// A row of that session is at fault: what follows in the session is cut off.
  void lose(std::string_view session);

 private:
  struct Conversation {
    std::int64_t number{};
    std::int64_t last = -1;  // rank of its last turn
    std::int64_t time_ns{};  // its latest date
  };

  Conversation& conversation(std::string_view session);

  std::unordered_map<std::string, Conversation> conversations_;
  std::int64_t rows_ = 0;
};

/// The delay, which must be finite and not negative. @throws RowFault
Seconds checked_delay(const FieldText& field, std::optional<double> seconds);

/// Refuses the second of two requests with the same name.
class RequestNames {
 public:
  /// @throws RowFault when a request of that name came before.
  void add(const FieldText& name);

 private:
  std::unordered_set<std::string> names_;
};

}  // namespace kvferry::workloads
