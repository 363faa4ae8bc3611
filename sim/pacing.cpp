#include "sim/pacing.hpp"

#include <algorithm>
#include <limits>

namespace kvferry::sim {
namespace {

double wire(const HandoffChunk& chunk) {
  return static_cast<double>(chunk.wire.value);
}

}  // namespace

// Chunk j is the first that is not encoded in time for the line rate: until chunk j - 1 is, the lane
// cannot overtake the encoder. If that is long enough, it goes free until then; otherwise it is held.
Pace next_pace(const Production& production, double sent, Seconds now, BytesPerSecond line_rate,
               Seconds interval) {
  const auto& [encoded, chunks] = production;
  std::size_t j = 0;
  double available = 0;  // with the chunks before j
  while (j < encoded.size() && encoded[j] <= now) available += wire(chunks[j++]);
  Seconds free_until = now;
  double steepest = std::numeric_limits<double>::infinity();
  bool is_free = true;
  for (; j < encoded.size(); available += wire(chunks[j++])) {
    const Seconds ahead = encoded[j] - now;
    is_free = is_free && sent + line_rate.value * ahead.value <= available;
    if (is_free) {
      free_until = encoded[j];
      continue;
    }
    if (free_until - now >= interval && free_until > now) return {std::nullopt, free_until};
    const double sendable = std::max(available - sent, wire(chunks[j]) / 2);
    steepest = std::min(steepest, sendable / ahead.value);
    if (ahead >= interval || j + 1 == encoded.size()) return {BytesPerSecond{steepest}, encoded[j]};
  }
  return {};
}

// At most eight looks between the first chunk and the last, and four chunks apart at least.
Seconds look_interval(const Production& production) {
  constexpr double kLooks = 8;
  constexpr double kChunksApart = 4;
  const Seconds all = production.encoded.back() - production.encoded.front();
  const auto gaps = static_cast<double>(production.encoded.size() - 1);
  if (gaps == 0) return {0};
  return all * std::max(1 / (kLooks + 1), kChunksApart / gaps);
}

}  // namespace kvferry::sim
