#include "sim/live_request.hpp"

#include <utility>

namespace kvferry::sim {

void LiveRequest::begin_again() {
  const Seconds latest = (answering ? at_decode : at_prefill).last_token;
  delivered = tokens_delivered();
  last_token = latest;
  if (record.first_token != kNever && !first_attempt) {
    first_attempt = {record.cached_tokens, record.prefill_start, record.prefill_end,
                     record.transfer_start, record.kv_ready};
  }
  for (Seconds* date :
       {&record.prefill_start, &record.prefill_end, &record.transfer_start, &record.kv_ready})
    *date = kNever;
  record.cached_tokens = 0;
  record.prefill_instance = record.decode_instance = -1;
  prompt_engine = answer_engine = -1;
  computed_from = computed_by = kNever;
  answering = handoff_failed = false;
  at_prefill = {};
  at_decode = {};
}

// An attempt that was lost after the first token may have left some of its dates to the next.
RequestRecord LiveRequest::final_record() const {
  if (!first_attempt) return record;
  RequestRecord seen = record;
  const auto earlier = [](Seconds first, Seconds& date) {
    if (first != kNever) date = first;
  };
  earlier(first_attempt->prefill_start, seen.prefill_start);
  earlier(first_attempt->prefill_end, seen.prefill_end);
  earlier(first_attempt->transfer_start, seen.transfer_start);
  earlier(first_attempt->kv_ready, seen.kv_ready);
  seen.cached_tokens = first_attempt->cached_tokens;
  return seen;
}

}  // namespace kvferry::sim
