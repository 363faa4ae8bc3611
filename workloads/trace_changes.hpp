// Changing how often the requests of a real trace come, and when. The three ways to change a rate
// are not equivalent for caches: scaling time (TraceOptions::time_scale) keeps every request and
// makes caches younger, thinning drops requests and what they would have left in caches,
// superposing and looping add strangers with blocks of their own. Results name what was used.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::workloads {

enum class Spread : std::uint8_t { even, uniform };

/// Undoes a coarse clock: requests of one date are spread over the interval that follows it, or
/// until the next date where that comes sooner. Requests that wait for another one and have no date
/// of their own stay beside their neighbour.
struct Dequantize {
  Seconds interval{};  ///< the clock's tick, in the time of the trace as it is replayed
  Spread spread = Spread::even;
};

/// Copies of the whole trace, each with sessions and blocks of its own.
struct Superposition {
  std::int64_t copies = 2;  ///< with the original
  Seconds shift{};          ///< each copy starts so much later than the one before
  std::int64_t
      shared_blocks{};  ///< the first blocks of every prompt that all copies have in common
};

/// Lap after lap, one mean gap apart; sessions and blocks as in a superposition.
struct Looping {
  std::int64_t laps = 2;
  std::int64_t shared_blocks{};
};

/// Applied in this order.
struct TraceChanges {
  std::optional<Dequantize> dequantize;
  /// Each request is kept with this probability, those of one session together; random stream
  /// "thinning".
  std::optional<double> keep;
  std::optional<Looping> loop;
  std::optional<Superposition> superpose;
};

/// @param requests in order of arrival, with ids from 0; likewise afterwards
/// @throws InputError when a parameter is out of range or no request is left.
void change_trace(std::vector<Request>& requests, const TraceChanges& changes, std::uint64_t seed);

/// ", thinned to 50 %"; empty without changes.
std::string describe(const TraceChanges& changes);

}  // namespace kvferry::workloads
