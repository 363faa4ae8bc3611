#include "sim/token_gaps.hpp"

namespace kvferry::sim {
namespace {

// The client's first token, if this one is: there is no gap before it.
bool is_first(RequestRecord& record, Seconds now) {
  if (record.first_decode_step == kNever) record.first_decode_step = now;
  if (record.first_token != kNever) return false;
  record.first_token = now;
  return true;
}

}  // namespace

// Whether its first gap is just this iteration.
bool TokenGaps::date_first(Sequence& sequence, const DecodeRun& run) {
  if (is_first(sequence.owner->record, run.end_of_first)) return false;
  if (sequence.last_token == run.start) return true;
  sink_.token_gaps({run.end_of_first, run.end_of_first - sequence.last_token, {}, 1, 1});
  return false;
}

void TokenGaps::ended(const DecodeRun& run, std::span<Sequence* const> fresh) {
  std::int64_t in_step = 0;  // since the run's start
  for (Sequence* sequence : fresh) in_step += date_first(*sequence, run) ? 1 : 0;
  const std::int64_t others = run.sequences - static_cast<std::int64_t>(fresh.size());
  if (latest_ == run.start) {
    in_step += others;
  } else if (others > 0) {  // they waited while prompts had an iteration to themselves
    sink_.token_gaps({run.end_of_first, run.end_of_first - latest_, {}, 1, others});
  }
  if (in_step > 0) {
    sink_.token_gaps(
        {run.end_of_first, run.series.first, run.series.step, run.iterations, in_step});
  }
  const std::int64_t late = run.sequences - in_step;
  if (late > 0 && run.iterations > 1) {
    sink_.token_gaps({run.end_of_second, run.series.first + run.series.step, run.series.step,
                      run.iterations - 1, late});
  }
  latest_ = run.end;
}

void TokenGaps::delivered(Sequence& sequence, Seconds now) {
  RequestRecord& record = sequence.owner->record;
  if (record.first_token == kNever) {
    record.first_token = now;
  } else {
    sink_.token_gaps({now, now - sequence.last_token, {}, 1, 1});
  }
  sequence.last_token = now;
}

void TokenGaps::recomputed(Sequence& sequence, Seconds now) {
  if (!is_first(sequence.owner->record, now))
    sink_.token_gaps({now, now - sequence.last_token, {}, 1, 1});
  sequence.last_token = now;
}

}  // namespace kvferry::sim
