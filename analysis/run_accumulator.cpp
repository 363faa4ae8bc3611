#include "analysis/run_accumulator.hpp"

#include <algorithm>

namespace kvferry::analysis {

void RunAccumulator::record(const RequestRecord& record) {
  requests_.add(record);
  ++tally_.outcomes[static_cast<std::size_t>(record.outcome)];
  tally_.preemptions += record.preemptions;
  tally_.retries += record.retries;
  tally_.restarts += record.restarts;
  tally_.kv_raw += record.kv_raw;
  tally_.kv_wire += record.kv_wire;
  if (record.arrival != kNever) {
    tally_.first_arrival = std::min(tally_.first_arrival.value_or(record.arrival), record.arrival);
    tally_.clients_held_back |= record.scheduled < record.arrival;
  }
  if (record.outcome != Outcome::finished) return;
  tally_.input_tokens += record.input_tokens;
  tally_.output_tokens += record.output_tokens;
  tally_.cached_tokens += record.cached_tokens;
  tally_.last_finish = std::max(tally_.last_finish.value_or(record.finish), record.finish);
}

}  // namespace kvferry::analysis
