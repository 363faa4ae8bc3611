#include "sim/decode_instance.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

DecodeInstance::DecodeInstance(EventLoop& loop, const IterationTime& iteration_time,
                               KvBlocks blocks, std::int64_t max_batch_size, FirstToken first_token,
                               Callbacks callbacks)
    : loop_(loop),
      iteration_time_(iteration_time),
      blocks_(blocks),
      max_batch_size_(max_batch_size),
      first_token_(first_token),
      callbacks_(std::move(callbacks)) {}

void DecodeInstance::request_admission(RequestRecord& request) {
  ++load_;
  waiting_for_room_.push_back(&request);
  admit_waiting();
}

void DecodeInstance::admit_waiting() {
  while (!waiting_for_room_.empty()) {
    RequestRecord& next = *waiting_for_room_.front();
    if (!blocks_.try_allocate(next.input_tokens + next.output_tokens)) return;
    waiting_for_room_.pop_front();
    callbacks_.on_admitted(next);
  }
}

// The first token comes from prefill, unless the decode side computes it again.
std::int64_t DecodeInstance::decode_iterations(const RequestRecord& request) const {
  return first_token_ == FirstToken::decode_step ? request.output_tokens
                                                 : request.output_tokens - 1;
}

void DecodeInstance::join(RequestRecord& request) {
  if (first_token_ == FirstToken::kv_ready) request.first_token = loop_.now();
  if (decode_iterations(request) == 0) {
    finish(request);
    admit_waiting();
    return;
  }
  ready_.push_back(
      {&request, request.input_tokens, decode_iterations(request), request.first_token});
  consider_dispatch();
}

void DecodeInstance::consider_dispatch() {
  if (iterating_ || (running_.empty() && ready_.empty())) return;
  iterating_ = true;
  loop_.at(loop_.now(), EventPriority::dispatch, [this] { start_iteration(); });
}

void DecodeInstance::start_iteration() {
  while (!ready_.empty() && static_cast<std::int64_t>(running_.size()) < max_batch_size_) {
    running_.push_back(ready_.front());
    ready_.pop_front();
  }
  DecodeLoad load{static_cast<std::int64_t>(running_.size()), 0, 0};
  for (const Sequence& sequence : running_) {
    load.kv_tokens += sequence.context + 1;
    load.longest_context = std::max(load.longest_context, sequence.context);
  }
  const Seconds duration = iteration_time_.decode(load);
  const Seconds started = loop_.now();
  busy_ += duration;
  ++iterations_;
  loop_.at(started + duration, EventPriority::iteration_end,
           [this, started] { end_iteration(started); });
}

void DecodeInstance::end_iteration(Seconds started) {
  std::int64_t steady_gaps = 0;
  for (Sequence& sequence : running_) emit_token(sequence, started, steady_gaps);
  if (steady_gaps > 0) token_gaps_.push_back({loop_.now() - started, steady_gaps});
  const auto is_done = [](const Sequence& sequence) { return sequence.remaining == 0; };
  std::erase_if(running_, is_done);
  iterating_ = false;
  admit_waiting();
  consider_dispatch();
}

void DecodeInstance::emit_token(Sequence& sequence, Seconds iteration_start,
                                std::int64_t& steady_gaps) {
  const Seconds now = loop_.now();
  RequestRecord& request = *sequence.request;
  if (request.first_decode_step == kNever) request.first_decode_step = now;
  if (request.first_token == kNever) {
    request.first_token = now;
  } else if (sequence.last_token == iteration_start) {
    ++steady_gaps;
  } else {
    token_gaps_.push_back({now - sequence.last_token, 1});
  }
  sequence.last_token = now;
  ++sequence.context;
  if (--sequence.remaining == 0) finish(request);
}

void DecodeInstance::finish(RequestRecord& request) {
  request.finish = request.output_tokens == 1 ? request.first_token : loop_.now();
  request.outcome = Outcome::finished;
  --load_;
  blocks_.release(request.input_tokens + request.output_tokens);
  callbacks_.on_finished(request);
}

}  // namespace kvferry::sim
