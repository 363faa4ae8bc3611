#include "sim/batch_scheduler.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace kvferry::sim {
namespace {

// Engines that only compute prompts have nothing that grows.
std::int64_t watermark_of(EngineRole role, const PoolConfig& config, std::int64_t capacity) {
  if (role == EngineRole::prefill) return 0;
  return static_cast<std::int64_t>(std::ceil(config.watermark * static_cast<double>(capacity)));
}

}  // namespace

BatchScheduler::BatchScheduler(EngineRole role, const PoolConfig& config,
                               const KvCacheConfig& cache, SlidingWindow window)
    : role_(role),
      config_(config),
      cache_(cache),
      watermark_blocks_(watermark_of(role, config, cache.capacity_blocks)),
      window_blocks_(window.blocks),
      answers_({cache.block_tokens, config.preemption != Preemption::never, window.tokens}),
      prompts_(config.queue) {}

std::span<const BlockKey> BatchScheduler::keys_of(const Sequence& sequence) const {
  return sequence.owner->request->prefix_blocks;
}

void BatchScheduler::add_prompt(Sequence& sequence) {
  sequence.prompt_target = sequence.owner->prompt_tokens();
  sequence.prompt_computed = 0;
  pending_tokens_ += sequence.prompt_target;
  ++sequences_;
  prompts_.add(sequence);
}

void BatchScheduler::add_handoff(Sequence& sequence) {
  const std::int64_t tokens = sequence.owner->prompt_tokens();
  pending_tokens_ += tokens;
  ++sequences_;
  incoming_tokens_ += tokens;
  waiting_handoff_blocks_ += handoff_blocks(tokens);
  handoffs_.push_back(&sequence);
}

std::int64_t BatchScheduler::handoff_blocks(std::int64_t tokens) const {
  return cache_.blocks_for(tokens) + window_blocks_;
}

// Those that wait come first. What others share with them is not known before they are let in.
std::int64_t BatchScheduler::blocks_missing_for(std::int64_t tokens) const {
  const std::int64_t blocks = waiting_handoff_blocks_ + handoff_blocks(tokens);
  if (handoffs_.empty() && may_take(blocks)) return 0;
  return std::max<std::int64_t>(blocks + watermark_blocks_ - cache_.available(), 0);
}

// Those that lost their room here come first.
Sequence* BatchScheduler::let_in_handoff() {
  if (handoffs_.empty() || prompts_.has_preempted() || !swapped_.empty()) return nullptr;
  Sequence& sequence = *handoffs_.front();
  sequence.prompt_target = sequence.owner->prompt_tokens();
  if (!admit(sequence)) return nullptr;
  handoffs_.pop_front();
  waiting_handoff_blocks_ -= handoff_blocks(sequence.prompt_target);
  return &sequence;
}

void BatchScheduler::drop_handoff(Sequence& sequence) {
  const std::int64_t tokens = sequence.owner->prompt_tokens();
  pending_tokens_ -= tokens;
  --sequences_;
  incoming_tokens_ -= tokens;
  if (std::erase(handoffs_, &sequence) > 0) {
    waiting_handoff_blocks_ -= handoff_blocks(tokens);
  } else {
    release(sequence);
  }
}

bool BatchScheduler::add_answer(Sequence& sequence) {
  incoming_tokens_ -= sequence.owner->prompt_tokens();
  cache_.publish(sequence.holding, keys_of(sequence));
  if (sequence.remaining > 0) {
    ready_.push_back(&sequence);
    return true;
  }
  pending_tokens_ -= sequence.context;
  end_answer(sequence);
  return false;
}

void BatchScheduler::release(Sequence& sequence) {
  cache_.release(std::exchange(sequence.holding, {}));
  cache_.give_back_blocks(window_blocks_);
}

void BatchScheduler::prompt_left(Sequence& sequence) {
  release(sequence);
  --sequences_;
}

std::int64_t BatchScheduler::free_seats() const {
  return config_.max_batch_size - answers_.size() - static_cast<std::int64_t>(partial_.size());
}

bool BatchScheduler::may_take(std::int64_t blocks) const {
  return cache_.used() == 0 || cache_.available() - blocks >= watermark_blocks_;
}

// Tokens whose blocks a sequence takes when it is let in.
std::int64_t BatchScheduler::reservation(const Sequence& sequence) const {
  const RequestRecord& record = sequence.owner->record;
  const bool whole_answer = config_.preemption == Preemption::never && role_ != EngineRole::prefill;
  return whole_answer ? record.input_tokens + record.output_tokens : sequence.prompt_target;
}

bool BatchScheduler::admit(Sequence& sequence) {
  const std::int64_t tokens = reservation(sequence);
  const std::int64_t blocks = cache_.blocks_for(tokens);
  if (!may_take(blocks + window_blocks_)) return false;
  const std::int64_t prompt = sequence.owner->record.input_tokens;
  std::optional<KvCache::Holding> holding = cache_.take(keys_of(sequence), tokens, prompt);
  if (!holding) return false;
  if (!cache_.try_take_blocks(window_blocks_)) {
    cache_.release(std::move(*holding));
    return false;
  }
  sequence.holding = std::move(*holding);
  sequence.held_blocks = blocks;
  sequence.prompt_computed = sequence.holding.cached_tokens();
  sequence.admission_rank = next_rank_++;
  return true;
}

const Batch& BatchScheduler::form(Seconds last_token) {
  batch_.prompts.clear();
  batch_.answers = false;
  batch_.swapped_blocks = 0;
  batch_.skipped_admission = false;
  if (!config_.chunked_prefill) {
    admit_whole();
    if (!batch_.prompts.empty()) return batch_;
  }
  seat_answers();
  bool preempted = make_room_for_answers(last_token);
  // Answers without a seat hold blocks, too: they take the seats of those that have lost theirs.
  while (answers_.empty() && partial_.empty() && !ready_.empty()) {
    seat_answers();
    preempted = make_room_for_answers(last_token) || preempted;
  }
  // Who has just lost room does not come back at once, unless nobody else is left.
  const bool may_admit = !preempted || (answers_.empty() && partial_.empty());
  batch_.skipped_admission = !may_admit;
  if (may_admit) swap_in();
  batch_.answers = !answers_.empty();
  if (config_.chunked_prefill) {
    std::int64_t budget = config_.max_batch_tokens - answers_.size();
    continue_prompts(budget);
    if (may_admit) admit_chunked(budget);
  } else if (preempted && batch_.empty()) {
    admit_whole();
  }
  return batch_;
}

void BatchScheduler::seat_answers() {
  while (!ready_.empty() && free_seats() > 0) {
    Sequence& sequence = *ready_.front();
    ready_.pop_front();
    pending_tokens_ -= sequence.context;
    start_answer(sequence);
  }
}

void BatchScheduler::start_answer(Sequence& sequence) {
  answers_.add(sequence);
  fresh_.push_back(&sequence);
}

bool BatchScheduler::make_room_for_answers(Seconds last_token) {
  bool preempted = false;
  while (answers_.blocks_needed(0, 1) > cache_.available()) {
    preempt(*last_admitted(), last_token);
    preempted = true;
  }
  take_answer_blocks(0, 1);
  return preempted;
}

Sequence* BatchScheduler::last_admitted() const {
  Sequence* last = answers_.empty() ? nullptr : &answers_.latest();
  for (Sequence* sequence : partial_) {
    if (last == nullptr || sequence->admission_rank > last->admission_rank) last = sequence;
  }
  return last;
}

void BatchScheduler::preempt(Sequence& sequence, Seconds last_token) {
  ++sequence.owner->record.preemptions;
  const auto prompt = std::find(partial_.begin(), partial_.end(), &sequence);
  if (prompt != partial_.end()) {
    partial_.erase(prompt);
    pending_tokens_ += sequence.prompt_computed;
    sequence.prompt_computed = 0;
    release(sequence);
    prompts_.put_first(sequence);
    return;
  }
  if (std::erase(fresh_, &sequence) == 0) sequence.last_token = last_token;
  answers_.remove(sequence);
  free_blocks(sequence);
  if (config_.preemption == Preemption::swap) {
    batch_.swapped_blocks += cache_.blocks_for(sequence.context);
    pending_tokens_ += sequence.context;
    swapped_.push_front(&sequence);
    return;
  }
  // Its latest token was never read: computing it again gives the next one.
  sequence.prompt_target = sequence.context + 1;
  sequence.prompt_computed = 0;
  pending_tokens_ += sequence.prompt_target;
  prompts_.put_first(sequence);
}

// What it took when it was let in, and what its answer took since.
void BatchScheduler::free_blocks(Sequence& sequence) {
  if (config_.preemption != Preemption::never)
    cache_.give_back_blocks(cache_.blocks_for(sequence.context) - sequence.held_blocks);
  release(sequence);
}

void BatchScheduler::swap_in() {
  while (!swapped_.empty() && free_seats() > 0) {
    Sequence& sequence = *swapped_.front();
    const std::int64_t blocks = cache_.blocks_for(sequence.context + 1) + window_blocks_;
    if (!may_take(blocks) || !cache_.try_take_blocks(blocks)) return;
    swapped_.pop_front();
    batch_.swapped_blocks += cache_.blocks_for(sequence.context);
    pending_tokens_ -= sequence.context;
    sequence.held_blocks = 0;
    sequence.admission_rank = next_rank_++;
    start_answer(sequence);
  }
}

void BatchScheduler::continue_prompts(std::int64_t& budget) {
  for (Sequence* sequence : partial_) {
    if (budget <= 0) return;
    const std::int64_t left = sequence->prompt_target - sequence->prompt_computed;
    batch_.prompts.push_back({sequence, std::min(left, budget)});
    budget -= batch_.prompts.back().tokens;
  }
}

bool BatchScheduler::let_in_prompt(Sequence& sequence) {
  if (!admit(sequence)) return false;
  prompts_.remove_next();
  pending_tokens_ -= sequence.prompt_computed;
  RequestRecord& record = sequence.owner->record;
  if (record.prefill_end == kNever) record.cached_tokens = sequence.prompt_computed;
  partial_.push_back(&sequence);
  return true;
}

void BatchScheduler::admit_chunked(std::int64_t budget) {
  while (budget > 0 && free_seats() > 0) {
    Sequence* sequence = prompts_.next();
    if (sequence == nullptr || !let_in_prompt(*sequence)) return;
    const std::int64_t left = sequence->prompt_target - sequence->prompt_computed;
    batch_.prompts.push_back({sequence, std::min(left, budget)});
    budget -= batch_.prompts.back().tokens;
  }
}

// In order: a prompt that does not fit holds back those behind it.
void BatchScheduler::admit_whole() {
  std::int64_t budget = config_.max_batch_tokens;
  while (free_seats() > 0) {
    Sequence* sequence = prompts_.next();
    if (sequence == nullptr) return;
    const std::int64_t work =
        sequence->prompt_target -
        cache_.cached_tokens(keys_of(*sequence), sequence->owner->record.input_tokens);
    if (work > budget && !batch_.prompts.empty()) return;
    if (!let_in_prompt(*sequence)) return;
    batch_.prompts.push_back({sequence, sequence->prompt_target - sequence->prompt_computed});
    budget -= batch_.prompts.back().tokens;
  }
}

bool BatchScheduler::complete_chunk(const PromptChunk& chunk) {
  Sequence& sequence = *chunk.sequence;
  sequence.prompt_computed += chunk.tokens;
  pending_tokens_ -= chunk.tokens;
  if (sequence.prompt_computed < sequence.prompt_target) return false;
  cache_.publish(sequence.holding, keys_of(sequence));
  std::erase(partial_, &sequence);
  return true;
}

Sequence* BatchScheduler::take_finished() {
  Sequence* sequence = answers_.take_finished();
  if (sequence != nullptr) end_answer(*sequence);
  return sequence;
}

void BatchScheduler::end_answer(Sequence& sequence) {
  free_blocks(sequence);
  --sequences_;
}

void BatchScheduler::write_back_answers(Seconds last_token) {
  while (!answers_.empty()) {
    Sequence& sequence = answers_.latest();
    if (std::erase(fresh_, &sequence) == 0) sequence.last_token = last_token;
    answers_.remove(sequence);
  }
}

void BatchScheduler::take_answer_blocks(std::int64_t first, std::int64_t last) {
  [[maybe_unused]] const bool enough = cache_.try_take_blocks(answers_.blocks_needed(first, last));
  assert(enough);
}

std::int64_t BatchScheduler::unchanged_iterations(std::int64_t started) const {
  const std::int64_t limit =
      std::min(answers_.iterations_to_finish(), answers_.iterations_to_full_window());
  if (limit <= started) return limit;
  return started + answers_.iterations_within(cache_.available(), started, limit - started);
}

bool BatchScheduler::has_work() const {
  return !prompts_.empty() || !swapped_.empty() || !partial_.empty() || !ready_.empty() ||
         !answers_.empty();
}

}  // namespace kvferry::sim
