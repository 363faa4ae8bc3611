#include "sim/prefill_instance.hpp"

#include <utility>

namespace kvferry::sim {

PrefillInstance::PrefillInstance(const EngineParts& parts, BatchLimits limits,
                                 OnPrefilled on_prefilled)
    : loop_(parts.loop),
      iteration_time_(parts.iteration_time),
      blocks_(parts.blocks),
      limits_(limits),
      on_prefilled_(std::move(on_prefilled)) {}

void PrefillInstance::enqueue(RequestRecord& request) {
  waiting_.push_back(&request);
  consider_dispatch();
}

void PrefillInstance::release(const RequestRecord& request) {
  blocks_.release(request.input_tokens);
  consider_dispatch();
}

// The batch is formed only after everything else of this instant, so that requests which arrive
// together are seen together.
void PrefillInstance::consider_dispatch() {
  if (dispatch_pending_ || !batch_.empty() || waiting_.empty()) return;
  dispatch_pending_ = true;
  loop_.at(loop_.now(), EventPriority::dispatch, [this] { dispatch(); });
}

void PrefillInstance::dispatch() {
  dispatch_pending_ = false;
  form_batch();
  if (batch_.empty()) return;  // the cache is full: a release will come
  std::vector<PrefillItem> items;
  for (RequestRecord* request : batch_) {
    request->prefill_start = loop_.now();
    items.push_back({request->input_tokens - request->cached_tokens, request->cached_tokens});
  }
  const Seconds duration = iteration_time_.prefill(items);
  clock_.start(loop_.now());
  loop_.at(loop_.now() + duration, EventPriority::iteration_end, [this] { end_batch(); });
}

// First come, first served: a prompt that does not fit holds back those behind it.
void PrefillInstance::form_batch() {
  std::int64_t tokens = 0;
  while (!waiting_.empty() && static_cast<std::int64_t>(batch_.size()) < limits_.requests) {
    RequestRecord& next = *waiting_.front();
    const std::int64_t work = next.input_tokens - next.cached_tokens;
    const bool over_budget = tokens + work > limits_.tokens;
    if (over_budget && !batch_.empty()) return;
    if (!blocks_.try_allocate(next.input_tokens)) return;
    tokens += work;
    batch_.push_back(&next);
    waiting_.pop_front();
  }
}

void PrefillInstance::end_batch() {
  clock_.stop(loop_.now());
  std::vector<RequestRecord*> done;
  std::swap(done, batch_);
  for (RequestRecord* request : done) {
    request->prefill_end = loop_.now();
    on_prefilled_(*request);
  }
  consider_dispatch();
}

}  // namespace kvferry::sim
