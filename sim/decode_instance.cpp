#include "sim/decode_instance.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

DecodeInstance::DecodeInstance(const EngineParts& parts, Options options, OnAdmitted on_admitted)
    : loop_(parts.loop),
      iteration_time_(parts.iteration_time),
      blocks_(parts.blocks),
      options_(options),
      on_admitted_(std::move(on_admitted)) {}

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
    on_admitted_(next);
  }
}

// The first token comes from prefill, unless the decode side computes it again.
std::int64_t DecodeInstance::decode_iterations(const RequestRecord& request) const {
  return options_.first_token == FirstToken::decode_step ? request.output_tokens
                                                         : request.output_tokens - 1;
}

void DecodeInstance::join(RequestRecord& request) {
  if (options_.first_token == FirstToken::kv_ready) request.first_token = loop_.now();
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
  while (!ready_.empty() && static_cast<std::int64_t>(running_.size()) < options_.max_batch_size) {
    running_.push_back(ready_.front());
    ready_.pop_front();
  }
  DecodeLoad load{static_cast<std::int64_t>(running_.size()), 0, 0};
  for (const Sequence& sequence : running_) {
    load.kv_tokens += sequence.context + 1;
    load.longest_context = std::max(load.longest_context, sequence.context);
  }
  const Seconds duration = iteration_time_.decode(load);
  clock_.start(loop_.now());
  loop_.at(loop_.now() + duration, EventPriority::iteration_end, [this] { end_iteration(); });
}

void DecodeInstance::end_iteration() {
  const Seconds now = loop_.now();
  clock_.stop(now);
  std::int64_t steady_gaps = 0;
  for (Sequence& sequence : running_) emit_token(sequence, steady_gaps);
  if (steady_gaps > 0) token_gaps_.push_back({now, now - clock_.started(), {}, 1, steady_gaps});
  const auto is_done = [](const Sequence& sequence) { return sequence.remaining == 0; };
  std::erase_if(running_, is_done);
  iterating_ = false;
  admit_waiting();
  consider_dispatch();
}

void DecodeInstance::emit_token(Sequence& sequence, std::int64_t& steady_gaps) {
  const Seconds now = loop_.now();
  RequestRecord& request = *sequence.request;
  if (request.first_decode_step == kNever) request.first_decode_step = now;
  if (request.first_token == kNever) {
    request.first_token = now;
  } else if (sequence.last_token == clock_.started()) {
    ++steady_gaps;
  } else {
    token_gaps_.push_back({now, now - sequence.last_token, {}, 1, 1});
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
}

}  // namespace kvferry::sim
