#include "sim/engine.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

Engine::Engine(EventLoop& loop, ResultSink& sink, const EngineSetup& setup, Callbacks callbacks)
    : loop_(loop),
      setup_(setup),
      callbacks_(std::move(callbacks)),
      scheduler_(setup.role, setup.config, setup.cache, setup.window),
      gaps_(sink) {}

void Engine::submit_prompt(LiveRequest& request) {
  Sequence& sequence = request.at_prefill;
  sequence.owner = &request;
  sequence.remaining = request.record.output_tokens - request.delivered;
  sequence.last_token = request.last_token;
  scheduler_.add_prompt(request.at_prefill);
  wake();
}

void Engine::submit_handoff(LiveRequest& request) {
  request.at_decode.owner = &request;
  settle();
  scheduler_.add_handoff(request.at_decode);
  let_in_handoffs();
}

void Engine::let_in_handoffs() {
  while (Sequence* sequence = scheduler_.let_in_handoff())
    callbacks_.handoff_let_in(*sequence->owner);
  limit_to_free_blocks();
}

void Engine::kv_arrived(LiveRequest& request) {
  Sequence& sequence = request.at_decode;
  sequence.remaining = request.at_prefill.remaining;
  sequence.context = request.prompt_tokens();
  sequence.last_token = request.at_prefill.last_token;
  // Prefill's token, unless the client has it or the decode side computes it again.
  if (setup_.first_token == FirstToken::kv_ready) {
    gaps_.delivered(sequence, loop_.now());
    --sequence.remaining;
  }
  settle();
  if (!scheduler_.add_answer(sequence)) {
    finish(request, sequence.last_token);
    let_in_handoffs();
  }
  wake();
}

void Engine::prompt_left(LiveRequest& request) {
  settle();
  scheduler_.prompt_left(request.at_prefill);
  let_in_handoffs();
  wake();
}

void Engine::drop_handoff(LiveRequest& request) {
  settle();
  scheduler_.drop_handoff(request.at_decode);
}

void Engine::room_freed() {
  let_in_handoffs();
  wake();
}

void Engine::die() {
  settle();
  if (running_) {
    loop_.cancel(end_event_);
    running_ = false;
    clock_.stop(loop_.now(), ended_);
    if (answers_run_ && ended_ > 0) report_tokens(ended_);
  }
  beside_ = beside_until_ = {};
  complete_.clear();
  scheduler_.write_back_answers(gaps_.latest());
  scheduler_ = BatchScheduler(setup_.role, setup_.config, setup_.cache, setup_.window);
}

// Something has changed that the next batch may depend on.
void Engine::wake() {
  if (running_) {
    cut_stretch();
  } else {
    schedule_dispatch();
  }
}

void Engine::cut_stretch() {
  if (stretch_.length() <= ended_ + 1) return;
  const std::int64_t boundary = stretch_.next_boundary(loop_.now());
  if (boundary >= stretch_.length()) return;
  stretch_.shorten(boundary);
  schedule_end();
}

// Others may have taken blocks that the answers counted on.
void Engine::limit_to_free_blocks() {
  if (!running_ || !answers_run_ || stretch_.length() <= started_) return;
  const std::int64_t possible = ended_ + scheduler_.unchanged_iterations(started_ - ended_);
  if (possible >= stretch_.length()) return;
  stretch_.shorten(possible);
  schedule_end();
}

// The batch is formed only after everything else of this instant, so that what arrives together is
// seen together.
void Engine::schedule_dispatch() {
  if (dispatch_pending_ || running_ || !scheduler_.has_work()) return;
  dispatch_pending_ = true;
  loop_.at(
      loop_.now(), EventPriority::dispatch, [this] { dispatch(); }, setup_.number);
}

void Engine::schedule_end() {
  loop_.cancel(end_event_);
  end_event_ = loop_.at(
      stretch_.end_of(stretch_.length()), EventPriority::iteration_end, [this] { end(); },
      setup_.number);
}

void Engine::dispatch() {
  dispatch_pending_ = false;
  const Batch& batch = scheduler_.form(gaps_.latest());
  if (!batch.empty()) start(batch);  // otherwise the cache is full, and a release will come
}

void Engine::start(const Batch& batch) {
  running_ = true;
  answers_run_ = batch.answers;
  ended_ = 0;
  started_ = 1;
  clock_.start(loop_.now());
  for (const PromptChunk& chunk : batch.prompts) {
    RequestRecord& record = chunk.sequence->owner->record;
    if (record.prefill_start == kNever) record.prefill_start = loop_.now();
  }
  const bool is_late = batch.swapped_blocks > 0 || lateness().value > 0;
  if (batch.prompts.empty() && !is_late) {
    start_answers(batch);
  } else if (batch.prompts.size() == 1 && !batch.answers && !is_late) {
    start_prompt_alone(batch.prompts.front());
  } else {
    start_iteration(batch);
  }
  schedule_end();
  if (setup_.role == EngineRole::prefill) announce_prompts(batch);
}

// The last chunk of a prompt is never part of a longer stretch.
void Engine::announce_prompts(const Batch& batch) {
  for (const PromptChunk& chunk : batch.prompts) {
    const Sequence& sequence = *chunk.sequence;
    if (sequence.prompt_computed + chunk.tokens == sequence.prompt_target)
      callbacks_.prompt_completes(*sequence.owner, stretch_.end_of(1));
  }
}

void Engine::work_beside(Seconds duration, double share) {
  if (duration.value <= 0 || share <= 0) return;
  share_beside_ = share;
  if (running_) {
    beside_ += duration;
  } else {
    beside_until_ = std::max(beside_until_, loop_.now()) + duration;
  }
  wake();
}

// Of an iteration that starts now.
Seconds Engine::lateness() const {
  return std::max(Seconds{0}, beside_until_ - loop_.now()) * share_beside_;
}

void Engine::start_answers(const Batch& batch) {
  const DecodeLoad load = scheduler_.answers().load();
  if (setup_.skip_ahead) {
    series_ = setup_.iteration_time.decode_series(load);
    const std::int64_t unchanged =
        batch.skipped_admission ? 1 : scheduler_.unchanged_iterations(started_);
    stretch_ = Stretch(loop_.now(), series_, unchanged);
  } else {
    series_ = {setup_.iteration_time.decode(load), {}};
    stretch_ = Stretch(loop_.now(), series_, 1);
  }
}

// Nobody can join it as long as its chunks fill the token budget. Hand-offs may be let in after the
// first: those that had to come before them, because they had lost their room, may have it now.
void Engine::start_prompt_alone(const PromptChunk& chunk) {
  const Sequence& sequence = *chunk.sequence;
  const std::int64_t left = sequence.prompt_target - sequence.prompt_computed;
  const bool may_skip = setup_.skip_ahead && !scheduler_.handoffs_wait();
  const std::int64_t full_chunks = may_skip ? (left - 1) / chunk.tokens : 1;
  std::vector<Seconds> ends;
  Seconds end = loop_.now();
  for (std::int64_t i = 0; i < std::max<std::int64_t>(full_chunks, 1); ++i) {
    const PrefillItem item{chunk.tokens, sequence.prompt_computed + i * chunk.tokens};
    end += setup_.iteration_time.prefill({&item, 1});
    ends.push_back(end);
  }
  stretch_ = Stretch(loop_.now(), std::move(ends));
}

void Engine::start_iteration(const Batch& batch) {
  items_.clear();
  for (const PromptChunk& chunk : batch.prompts)
    items_.push_back({chunk.tokens, chunk.sequence->prompt_computed});
  const DecodeLoad load = batch.answers ? scheduler_.answers().load() : DecodeLoad{};
  const Seconds late = swap_time(batch.swapped_blocks) + lateness();
  series_ = {setup_.iteration_time.parts(items_, load).total + late, {}};
  stretch_ = Stretch(loop_.now(), series_, 1);
}

// Each GPU swaps its own share, before the iteration starts.
Seconds Engine::swap_time(std::int64_t blocks) const {
  return setup_.block * blocks / setup_.config.host_bandwidth;
}

// An iteration that could start at this very instant has not: its batch is formed last.
void Engine::settle() {
  if (!running_) return;
  const Seconds now = loop_.now();
  const std::int64_t ended = stretch_.ended_by(now);
  const bool next_runs = ended < stretch_.length() && stretch_.end_of(ended) < now;
  account(ended, next_runs ? ended + 1 : ended);
}

void Engine::account(std::int64_t ended, std::int64_t started) {
  const std::int64_t iterations = ended - ended_;
  if (answers_run_) {
    if (started > started_) scheduler_.take_answer_blocks(started_ - ended_, started - ended_);
    scheduler_.advance_answers(iterations);
  }
  if (iterations > 0) {
    for (const PromptChunk& chunk : scheduler_.batch().prompts) {
      if (scheduler_.complete_chunk({chunk.sequence, chunk.tokens * iterations}))
        complete_.push_back(chunk.sequence);
    }
  }
  ended_ = ended;
  started_ = std::max(started_, started);
}

void Engine::end() {
  const std::int64_t iterations = stretch_.length();
  account(iterations, iterations);
  running_ = false;
  beside_until_ = loop_.now() + std::exchange(beside_, Seconds{});
  clock_.stop(loop_.now(), iterations);
  if (answers_run_) report_tokens(iterations);
  complete_prompts();
  while (Sequence* sequence = scheduler_.take_finished()) finish(*sequence->owner, loop_.now());
  let_in_handoffs();
  schedule_dispatch();
}

void Engine::report_tokens(std::int64_t iterations) {
  std::vector<Sequence*>& fresh = scheduler_.fresh_answers();
  gaps_.ended(
      {stretch_.start(), series_, iterations, scheduler_.answers().size(), stretch_.end_of(1),
       stretch_.end_of(std::min<std::int64_t>(iterations, 2)), stretch_.end_of(iterations)},
      fresh);
  fresh.clear();
}

void Engine::complete_prompts() {
  std::vector<Sequence*> complete;
  std::swap(complete, complete_);
  for (Sequence* sequence : complete) prompt_complete(*sequence);
}

void Engine::prompt_complete(Sequence& sequence) {
  LiveRequest& request = *sequence.owner;
  if (request.record.prefill_end != kNever) {
    recomputed(sequence);
    return;
  }
  request.record.prefill_end = loop_.now();
  if (setup_.role != EngineRole::prefill) {
    answer_here(sequence);
    return;
  }
  if (setup_.first_token == FirstToken::prefill) {
    gaps_.delivered(sequence, loop_.now());
    --sequence.remaining;
  }
  callbacks_.prompt_computed(request);
}

// There is no hand-off: the cache is where it is needed.
void Engine::answer_here(Sequence& sequence) {
  RequestRecord& record = sequence.owner->record;
  const Seconds now = loop_.now();
  record.transfer_start = now;
  record.kv_ready = now;
  gaps_.delivered(sequence, now);
  sequence.context = sequence.owner->prompt_tokens();
  if (--sequence.remaining > 0) {
    scheduler_.start_answer(sequence);
    return;
  }
  scheduler_.end_answer(sequence);
  finish(*sequence.owner, now);
}

void Engine::recomputed(Sequence& sequence) {
  gaps_.recomputed(sequence, loop_.now());
  sequence.context = sequence.prompt_target;
  if (--sequence.remaining > 0) {
    scheduler_.start_answer(sequence);
    return;
  }
  scheduler_.end_answer(sequence);
  finish(*sequence.owner, loop_.now());
}

// @param when the client had its last token, which may be before its cache arrived
void Engine::finish(LiveRequest& request, Seconds when) {
  request.record.finish = when;
  request.record.outcome = Outcome::finished;
  callbacks_.finished(request);
}

void Engine::halt() {
  settle();
  if (running_ && answers_run_ && ended_ > 0) report_tokens(ended_);
}

}  // namespace kvferry::sim
