// One serving engine: runs the batches that its scheduler forms, iteration after iteration.
//
// With skip-ahead, iterations between which nothing can change are one event: decode iterations
// until an answer ends, the cache is full or a window is; chunks of a prompt that takes the whole
// token budget. News cuts such a stretch at the next boundary between iterations. Without it every
// iteration is an event; the results agree to rounding (1e-9 relative; tested).
#pragma once

#include "sim/base/result_sink.hpp"
#include "sim/batch_scheduler.hpp"
#include "sim/busy_clock.hpp"
#include "sim/event_loop.hpp"
#include "sim/iteration_time.hpp"
#include "sim/live_request.hpp"
#include "sim/simulation_config.hpp"
#include "sim/stretch.hpp"
#include "sim/token_gaps.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace kvferry::sim {

/// What an engine is made of; references must outlive it.
struct EngineSetup {
  EngineRole role;
  std::int32_t number;  ///< in the whole system: orders what happens at one instant
  const PoolConfig& config;
  const IterationTime& iteration_time;
  KvCacheConfig cache;
  Bytes block;  ///< one KV block on one of its GPUs
  SlidingWindow window;
  FirstToken first_token;
  bool skip_ahead;
};

class Engine {
 public:
  /// What the system wants to know of.
  struct Callbacks {
    /// Role prefill: the iteration that will complete the prompt has started, and when it ends.
    std::function<void(LiveRequest&, Seconds end)> prompt_completes;
    std::function<void(LiveRequest&)> prompt_computed;  ///< role prefill: to be handed off
    std::function<void(LiveRequest&)> handoff_let_in;   ///< its cache can be sent here
    std::function<void(LiveRequest&)> finished;
  };

  Engine(EventLoop& loop, ResultSink& sink, const EngineSetup& setup, Callbacks callbacks);

  /// @pre the prompt, and with role mixed the answer too, fits into the empty cache
  void submit_prompt(LiveRequest& request);
  /// Asks for room for a cache that was computed elsewhere. @pre it and the answer fit into the
  /// empty cache
  void submit_handoff(LiveRequest& request);
  /// The cache that had been let in is complete.
  void kv_arrived(LiveRequest& request);
  /// The last byte of a computed prompt has left: its blocks are free again.
  void prompt_left(LiveRequest& request);

  /// Work that is not the engine's own begins on its GPUs, and takes `share` of them from iterations
  /// beside it: the next one starts later by that share of what is left of it. It goes on while the
  /// engine is idle.
  void work_beside(Seconds duration, double share);

  /// Its hand-off will not come, whether it was let in or not. Others are let in by room_freed().
  void drop_handoff(LiveRequest& request);
  void room_freed();
  /// The instance dies: everything in it is lost, the iteration that runs is cut. Of its sequences
  /// only `remaining` and `last_token` hold. It is empty when it comes back, and to be used no sooner.
  void die();

  /// Brings everything below up to now.
  void settle();
  /// Requests waiting or running, those being handed off to it or from it included.
  std::int64_t sequences() const { return scheduler_.sequences(); }
  /// Tokens still to be computed, and those in the caches of running answers.
  std::int64_t tokens() const { return scheduler_.tokens(); }
  /// As BatchScheduler has them.
  std::int64_t incoming_tokens() const { return scheduler_.incoming_tokens(); }
  std::int64_t blocks_missing_for(std::int64_t tokens) const {
    return scheduler_.blocks_missing_for(tokens);
  }
  const KvCache& cache() const { return scheduler_.cache(); }
  /// Whether a request that would hold so many tokens here can be served at all.
  bool can_ever_hold(std::int64_t tokens) const { return scheduler_.can_ever_hold(tokens); }
  std::int64_t kv_block_tokens() const { return setup_.config.kv_block_tokens; }
  const BusyClock& clock() const { return clock_; }
  std::int64_t iterations() const { return clock_.iterations() + (running_ ? ended_ : 0); }

  /// The observation ends now: reports the tokens of iterations that have ended.
  void halt();

 private:
  void wake();
  void cut_stretch();
  void let_in_handoffs();
  void limit_to_free_blocks();
  void schedule_dispatch();
  void schedule_end();
  void dispatch();
  void start(const Batch& batch);
  void start_answers(const Batch& batch);
  void start_prompt_alone(const PromptChunk& chunk);
  void start_iteration(const Batch& batch);
  void announce_prompts(const Batch& batch);
  void account(std::int64_t ended, std::int64_t started);
  void end();
  void report_tokens(std::int64_t iterations);
  void complete_prompts();
  void prompt_complete(Sequence& sequence);
  void answer_here(Sequence& sequence);
  void recomputed(Sequence& sequence);
  void finish(LiveRequest& request, Seconds when);
  Seconds lateness() const;
  Seconds swap_time(std::int64_t blocks) const;

  EventLoop& loop_;
  const EngineSetup setup_;
  Callbacks callbacks_;
  BatchScheduler scheduler_;
  TokenGaps gaps_;
  BusyClock clock_;

  bool dispatch_pending_ = false;
  bool running_ = false;
  Seconds beside_{};          ///< other work that began during what runs
  Seconds beside_until_{};    ///< when other work ends, if the engine stays idle
  double share_beside_ = 0;   ///< that it takes
  bool answers_run_ = false;  ///< the decode batch takes part in what runs
  Stretch stretch_;           ///< what runs
  DecodeSeries series_{};     ///< its decode iterations
  std::int64_t ended_ = 0;    ///< of its iterations, accounted for
  std::int64_t started_ = 0;  ///< likewise; answers hold the blocks of these
  EventHandle end_event_;
  std::vector<Sequence*> complete_;  ///< prompts that what runs has completed
  std::vector<PrefillItem> items_;   ///< of the iteration that starts; kept to save allocations
};

}  // namespace kvferry::sim
