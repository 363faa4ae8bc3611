// Which sequences an engine computes in its next iteration, and who holds which blocks of its KV
// cache. Knows no dates but those it is told.
//
//   chunked prefill      as vLLM 1: every running answer gets its token, and what remains of the
//                        token budget goes to prompts, the last of them cut where the budget ends
//   whole prompts        as SGLang and vLLM 0: prompts that fit form an iteration of their own, and
//                        answers wait meanwhile; a prompt above the budget runs alone
//
// A prompt is let in when the cache has room for all of it. Answers grow block by block; when the
// cache is full, the sequence that was let in last is preempted: it loses its blocks and computes
// them again later, or has them swapped to host memory and back. Preempted sequences come before
// those that were never let in.
#pragma once

#include "sim/decode_batch.hpp"
#include "sim/kv_cache.hpp"
#include "sim/live_request.hpp"
#include "sim/prompt_queue.hpp"
#include "sim/simulation_config.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::sim {

/// Part of a prompt, to be computed in one iteration.
struct PromptChunk {
  Sequence* sequence;
  std::int64_t tokens;
};

/// One iteration's work.
struct Batch {
  std::vector<PromptChunk> prompts;
  bool answers = false;            ///< the decode batch takes part
  std::int64_t swapped_blocks{};   ///< that cross the host link first
  bool skipped_admission = false;  ///< somebody was preempted: who waits is looked at next time
  bool empty() const { return prompts.empty() && !answers; }
};

/// Of the layers with sliding attention, where the model has any.
struct SlidingWindow {
  std::optional<std::int64_t> tokens;
  std::int64_t blocks{};  ///< that each sequence takes for them when it is let in
};

class BatchScheduler {
 public:
  BatchScheduler(EngineRole role, const PoolConfig& config, const KvCacheConfig& cache,
                 SlidingWindow window);

  /// Whether a sequence of so many tokens fits into the empty cache.
  bool can_ever_hold(std::int64_t tokens) const {
    return cache_.blocks_for(tokens) + window_blocks_ <= cache_.capacity();
  }

  /// A prompt that waits for its turn. @pre it fits into the empty cache
  void add_prompt(Sequence& sequence);
  /// A hand-off that waits for room.
  void add_handoff(Sequence& sequence);
  /// A hand-off that now has room; nullptr when none has.
  Sequence* let_in_handoff();
  /// Its KV cache is complete here: it takes a seat in the decode batch when one is free. False
  /// when no token remains to be computed; it has then given back its blocks.
  bool add_answer(Sequence& sequence);
  bool handoffs_wait() const { return !handoffs_.empty(); }
  /// One that will not come, whether it had room or not.
  void drop_handoff(Sequence& sequence);
  /// A prompt that was handed off: its blocks are free again, and it is none of this engine's work.
  void prompt_left(Sequence& sequence);

  /// The next iteration's work. @param last_token when the decode batch had its latest tokens
  const Batch& form(Seconds last_token);
  const Batch& batch() const { return batch_; }

  /// The chunk has been computed. True when the prompt is complete.
  bool complete_chunk(const PromptChunk& chunk);
  /// Its answer goes on here. @pre sequence.context and .remaining are set
  void start_answer(Sequence& sequence);
  /// An answer that is complete; nullptr when there is none.
  Sequence* take_finished();
  /// An answer that was complete before it took a seat.
  void end_answer(Sequence& sequence);

  /// Decode iterations have ended.
  void advance_answers(std::int64_t iterations) { answers_.advance(iterations); }
  /// Takes the new blocks of decode iterations first ... last - 1, counted from the next one.
  void take_answer_blocks(std::int64_t first, std::int64_t last);
  /// Iterations that the decode batch can run without any change, of which the first `started` hold
  /// their blocks already.
  std::int64_t unchanged_iterations(std::int64_t started) const;

  /// Everything is about to be lost: `remaining` and `last_token` of the answers in the decode batch
  /// are brought up to date. @param last_token when the decode batch had its latest tokens
  void write_back_answers(Seconds last_token);

  const DecodeBatch& answers() const { return answers_; }
  const KvCache& cache() const { return cache_; }
  /// Answers that have taken no part in a decode iteration since they were started; the caller
  /// clears it when one has ended.
  std::vector<Sequence*>& fresh_answers() { return fresh_; }
  /// Work of this engine, for routers: sequences known to it, prompts whose hand-off has not left
  /// included (they hold its blocks and its NIC), and tokens not computed yet plus
  /// tokens in the KV caches of answers.
  std::int64_t sequences() const { return sequences_; }
  std::int64_t tokens() const { return pending_tokens_ + answers_.context_tokens(); }
  /// Tokens of hand-offs whose cache is not complete here yet, let in or not.
  std::int64_t incoming_tokens() const { return incoming_tokens_; }
  /// Blocks that must become free before one more hand-off of so many tokens is let in; 0: none.
  std::int64_t blocks_missing_for(std::int64_t tokens) const;
  /// Whether there is anything to compute, now or once blocks are free again; hand-offs that are not
  /// complete do not count.
  bool has_work() const;

 private:
  void seat_answers();
  bool make_room_for_answers(Seconds last_token);
  Sequence* last_admitted() const;
  void preempt(Sequence& sequence, Seconds last_token);
  void release(Sequence& sequence);
  void free_blocks(Sequence& sequence);
  void swap_in();
  void continue_prompts(std::int64_t& budget);
  void admit_chunked(std::int64_t budget);
  void admit_whole();
  bool let_in_prompt(Sequence& sequence);
  bool admit(Sequence& sequence);
  bool may_take(std::int64_t blocks) const;
  std::int64_t reservation(const Sequence& sequence) const;
  std::int64_t handoff_blocks(std::int64_t tokens) const;
  std::int64_t free_seats() const;
  std::span<const BlockKey> keys_of(const Sequence& sequence) const;

  EngineRole role_;
  PoolConfig config_;
  KvCache cache_;
  std::int64_t watermark_blocks_;
  std::int64_t window_blocks_;
  DecodeBatch answers_;
  Batch batch_;
  PromptQueue prompts_;             ///< not let in, those to be computed again included
  std::deque<Sequence*> swapped_;   ///< to go on, in host memory, the most urgent first
  std::vector<Sequence*> partial_;  ///< prompts that are let in and not complete
  std::deque<Sequence*> handoffs_;
  std::deque<Sequence*> ready_;  ///< answers without a seat
  std::vector<Sequence*> fresh_;
  std::int64_t next_rank_ = 0;
  std::int64_t sequences_ = 0;
  std::int64_t pending_tokens_ = 0;
  std::int64_t incoming_tokens_ = 0;
  std::int64_t waiting_handoff_blocks_ = 0;  ///< that hand-offs without room ask for
};

}  // namespace kvferry::sim
